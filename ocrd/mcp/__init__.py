"""The Model Context Protocol: what assistants may ask of a running daemon, by its socket."""

"""HTTP on the Unix socket that steers a running daemon."""

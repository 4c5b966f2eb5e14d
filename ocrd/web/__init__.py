"""HTTP for those who steer the daemon, and for programs: on its socket, and over TCP."""

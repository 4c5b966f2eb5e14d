"""Watch folders, read the scans dropped into them, write Markdown beside them."""

__version__ = "0.1.0"

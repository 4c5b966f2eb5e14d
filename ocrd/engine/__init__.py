"""Engines: what reads a page. They run in a worker process, behind one protocol."""

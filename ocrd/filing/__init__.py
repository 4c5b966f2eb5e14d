"""Which names a document's files get, how they appear whole, and the source's move to its place.

Enters: what must never write over a file, nor leave half of one.
"""

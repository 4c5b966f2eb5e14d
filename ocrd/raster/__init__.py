"""Pages drawn from sources, figures and overlays, in confined children of limited means.

Enters: whatever opens a document's bytes. ``rasterize`` asks; only ``drawing``, ``pdf``,
``pictures``, ``cutting`` and ``frames`` see bytes, and they run where they can harm nobody.
"""

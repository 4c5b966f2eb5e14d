"""Pages drawn from sources, figures and overlays, in confined children of limited means.

Enters: whatever opens a document's bytes. ``rasterize`` asks, ``pool`` and what it stands on have
children answer; ``drawing`` and what it stands on see bytes, and run where they can harm nobody.
"""

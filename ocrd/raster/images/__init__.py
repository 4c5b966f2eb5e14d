"""Image files as pages: what a file is, whether it is there to its end, its pixels made legible.

A format enters with its name in ``kinds``, its end in ``endings`` and its reader in ``openers``.
"""

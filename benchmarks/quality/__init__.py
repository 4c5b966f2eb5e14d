"""How good the embedded engine's Markdown is, on pages whose text, tables and headings are known.

``make quality`` fetches the documents, draws their pages clean, degraded and turned, reads them and
prints the figures with a verdict. Everything lies in ``build/quality``; what was recognised is kept
there by page image and engine, so that a change of the layout is scored in seconds.
"""

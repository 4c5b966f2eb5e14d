"""Tesseract: reads text lines in some hundred languages, alone or beside the embedded engine.

Runs only in a worker. Lines are found and pages laid out as with the embedded engine; what comes
with Tesseract is how a line is read, and what script a page is in. It is the system's: where it is
not installed, the embedded engine does without.
"""

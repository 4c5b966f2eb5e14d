"""PDFs as pages: opened by whoever can, drawn by MuPDF, looked at again by pdfium.

What decides (``fineness``, ``judging``, ``wholeness``, ``witness``) is pure; each library has a
module of its own. What libraries say of images is put into plain words here, too (``diagnosis``).
"""

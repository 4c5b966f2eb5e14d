"""PDFs whose pages are but a shell: what a person would read is not on them.

Reading the page that says "please wait" would file the document as done, without its content.
"""

from __future__ import annotations

from ocrd.errors import UnsupportedError
from ocrd.raster.pdfs.mupdf import MuPdf

_HIDDEN = "/H"  # a collection that a viewer does not show: the page is the document


def refuse_shell(document: MuPdf) -> None:
    """Raise UnsupportedError for a portfolio and for a form that is drawn anew when it is shown."""
    collection = document.of_catalogue("Collection")
    attached = document.of_catalogue("Names/EmbeddedFiles")
    if collection and attached and document.of_catalogue("Collection/View") != _HIDDEN:
        raise UnsupportedError(
            "The PDF is a portfolio: its documents are files that are packed into it.",
            hint="Take them out, in a program that shows portfolios, and drop each of them.",
        )
    if _is_dynamic_form(document):
        raise UnsupportedError(
            "The PDF is a dynamic XFA form: its pages are made by the program that shows it, "
            "and are not in the file.",
            hint="Open it in Adobe Reader, print it into a new PDF, and drop that.",
        )


def _is_dynamic_form(document: MuPdf) -> bool:
    """Say so, too, of one that does not, but whose only page names the program that it needs.

    A static XFA form has real pages, and fields on them.
    """
    if document.of_catalogue("NeedsRendering") == "true":
        return True
    is_form = bool(document.of_catalogue("AcroForm/XFA")) and not document.fields()
    return is_form and document.pages == 1 and "Adobe" in document.text(1)

"""What may be wrong with a page's text without being an error: the vocabulary, and the rule (pure).

**A page with ink either gives its text, or says that it does not.** Whoever notices something
(the drawing, the engine, the page's own ink) names it by one of these codes; here alone it is
decided what they make of a page.
"""

from __future__ import annotations

CODES = {
    "no-text": "there is ink on the page, and no text came of it",
    "unread-lines": "lines were found and not read",
    "unknown-signs": "lines hold signs that the engine does not have",
    "less-than-page": "far less text came than there is ink for",
    "more-than-page": "more text came than the page can hold",
    "runaway": "the model did not come to a sound end",
    "not-drawn": "content of the source was not drawn",
    "drawings-differ": "two programs draw the page differently",
    "struck-out": "text is struck out, or lies under a stamp or handwriting",
}

# Of a line.
LINES = {
    "unread": "found, and not read",  # no text, or one that is under the engine's limit
    "signs": "holds signs that the engine does not have",  # they stand as REPLACEMENT in its text
    "uncertain": "read with a score under the limit",
    "struck-out": "struck out",
    "handwritten": "looks handwritten",
    "covered": "lies under a stamp or another mark",
}

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"  # stands for a sign that could not be read

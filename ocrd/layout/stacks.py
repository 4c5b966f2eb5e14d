"""Addresses, and blocks of telephones, banks and tax numbers, beside other text (pure).

Their lines are read one below the other, whatever stands level with them: the items of an invoice,
a second address, the other blocks in a letter's foot. Each is kept whole before columns and tables
are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from ocrd.job import Box, Cell
from ocrd.layout import values
from ocrd.layout.sheet import Grid, Piece, Stack, around
from ocrd.markdown import tables

# In heights of a line unless they say otherwise.
IN_LINE = 0.5  # by which the lines of a block may begin apart
STEP = 1.9  # from one line of a block to the next,
LEAP = 3.4  # and over an empty row, between two parts of a block
ALIKE = 1.3  # times the height of the line above,
ALIKE_BOXES = 1.5  # or so many times, if the type was measured and is of one size
LINES = 2  # of a block
MOST_LINES = 14
LONG = 45  # characters that no line of a block has
MARKS = 2  # lines that say what they are, of a block without an address
BESIDE = 0.1  # of white to what stands beside it
APART = 3  # lines of a block that others stand beside, in other type,
FEW_BESIDE = 2  # at most,
LEVEL = 0.3  # and so much higher or lower than each of its lines, unless they are
LOGO = 1.6  # times as high,
WHITE = 2.0  # of white to them

_STREET = re.compile(
    r"(?:[^\W\d_][\w.'’-]*\s){1,4}\d{1,4}\s?[a-zA-Z]?(?:[-/]\d+)?|\d{1,5}\s[^\W\d_][\w.' ’-]+"
)
_TOWN = re.compile(
    r"(?:[A-Z]{1,2}-)?\d{4,5}(?:-\d{3,4})?\s+[^\W\d_][\w.' ’-]+"  # 28217 Bremen
    r"|[^\W\d_][\w.' ’-]+,?\s+[A-Z]{2}\.?\s+\d{5}(?:-\d{4})?"  # Sarasota, FL 34238
    r"|[^\W\d_][\w.' ’-]+\s[A-Z]{1,2}\d[\dA-Z]?\s\d[A-Z]{2}"  # Leeds LS1 4AP
)
_MARK = re.compile(
    r"\S@\S+\.\w|www\.|https?:|\b(?:(?:IBAN|BIC|SWIFT|Kto|Konto|BLZ|Tele?(?:fon|phone|fax)?|T[ée]l|Phone|Fax"
    r"|Mobile?|E-?Mail|TVA|SIRET|NIF|CIF|HRB|Amtsgericht|Bankverbindung|Sparkasse|Bank|Registered)\b"
    r"|Steuer-?\s?(?:nummer|Nr)|USt\b|USt-?Id|VAT\s(?:no|id|reg)|Tax\s(?:no|num|id)|Gesch[äa]ftsf"
    r"|Managing\sdirector)",
    re.IGNORECASE,
)
# What heads an address on invoices, delivery notes and orders: nothing else stands below it.
_ADDRESSED = re.compile(
    r"(?:(?:bill(?:ed|ing)?|invoiced?|ship(?:ped|ping)?|deliver(?:ed|y)?|sold|mail|remit)"
    r"(?: to| address)|sender|recipient|consignee|consignor|contact"
    r"|(?:rechnungs|liefer|versand|firmen|post)(?:adresse|anschrift|empfänger)|rechnung an"
    r"|lieferung an|absender(?:in)?|empfänger(?:in)?|auftraggeber(?:in)?|ansprechpartner(?:in)?"
    r"|(?:adresse )?(?:de )?(?:la )?(?:facturation|livraison|l'expédition)|facturé à|livré à"
    r"|expéditeur|destinataire|client facturé"
    r"|(?:dirección )?(?:de )?(?:facturación|entrega|envío)|facturar a|enviar a|remitente"
    r"|destinatario|contacto"
    r"|(?:indirizzo )?(?:di )?(?:fatturazione|consegna|spedizione)|fatturare a|spedire a|mittente"
    r"|(?:endereço )?(?:de )?(?:faturação|faturamento|entrega)|faturar a|remetente|destinatário"
    r"|(?:factuur|aflever|verzend|bezorg)adres|afzender|ontvanger)\s?:?",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Chain:
    """Lines right below each other."""

    pieces: list[Piece]

    @property
    def marks(self) -> int:
        return sum(bool(_MARK.search(piece.line.text)) for piece in self.pieces)

    @property
    def tells(self) -> bool:
        """Say whether its lines tell that it is a block."""
        texts = [piece.line.text.strip() for piece in self.pieces]
        is_named = len(texts) > LINES and _ADDRESSED.fullmatch(texts[0]) is not None
        return is_named or self.marks >= MARKS or is_address(texts)

    @property
    def box(self) -> Box:
        return around(piece.box for piece in self.pieces)


def is_address(lines: Sequence[str]) -> bool:
    """Say whether a street and a town stand below each other in some lines."""
    texts = [line.strip() for line in lines]
    return any(
        _STREET.fullmatch(street) is not None and _TOWN.fullmatch(town) is not None
        for street, town in pairwise(texts)
    )


def gathered(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with those of each block as one; all but addresses stand beside text."""
    chains = _joined(_chains(pieces))
    telling = [chain for chain in chains if chain.tells]
    pairs = [pair for one in chains if (pair := _named(one, chains, telling))]
    # What stands in one row with two blocks is a third one.
    taken = [*telling, *(chain for pair in pairs for chain in pair)]
    feet = [
        chain
        for chain in chains
        if not any(chain is one for one in taken)
        and not _has_values(chain)
        and sum(_is_level(chain, one) for one in telling) >= 2
    ]
    whole: list[Piece] = []
    gone: set[int] = set()
    alone = [
        chain
        for chain in chains
        if not any(chain is one for one in (*taken, *feet)) and _is_in_no_row(chain, pieces)
    ]
    for chain in (*telling, *feet, *alone):
        inside = {id(piece) for piece in chain.pieces}
        if len(chain.pieces) >= LINES and _is_apart(chain, pieces, inside):
            gone |= inside
            held = tuple(chain.pieces)
            whole.append(Piece(held[0].line, chain.box, Stack(held)))
    for names, found in pairs:
        held = (*names.pieces, *found.pieces)
        if not gone & {id(piece) for piece in held}:
            gone |= {id(piece) for piece in held}
            whole.append(_table(names, found))
    return [piece for piece in pieces if id(piece) not in gone] + whole


def _named(
    one: _Chain, chains: Sequence[_Chain], telling: Sequence[_Chain]
) -> tuple[_Chain, _Chain] | None:
    """Return a chain of values with the one of their names, if they stand beside a block."""
    # Columns of values side by side are a table's.
    if not _has_values(one) or any(_has_values(c) and _is_level(c, one) for c in chains):
        return None
    before = [
        chain
        for chain in chains
        if len(chain.pieces) == len(one.pieces)
        and _is_level(chain, one)
        and chain.box.x1 < one.box.x0
        and not _has_values(chain)
    ]
    names = max(before, key=lambda chain: chain.box.x1, default=None)
    if names is None or not any(_is_level(names, block) for block in telling):
        return None
    return names, one


def _table(names: _Chain, found: _Chain) -> Piece:
    pairs = list(zip(names.pieces, found.pieces, strict=True))
    held = tuple(piece for pair in pairs for piece in pair)
    rows = tuple(tuple(Cell(piece.line.text.strip()) for piece in pair) for pair in pairs)
    box = around(piece.box for piece in held)
    line = replace(held[0].line, text=tables.raw(rows))
    return Piece(line, box, Grid(box, rows, held))


def _chains(pieces: Sequence[Piece]) -> list[_Chain]:
    """Return short lines in chains of those that begin above each other."""
    short = [p for p in pieces if p.whole is None and len(p.line.text) <= LONG]
    chains: list[_Chain] = []
    for piece in sorted(short, key=lambda piece: piece.middle):
        height = piece.box.height
        for chain in reversed(chains[-60:]):
            last = chain.pieces[-1]
            if (
                abs(piece.box.x0 - last.box.x0) < IN_LINE * height
                and 0.5 * height < piece.middle - last.middle < STEP * height
                and _are_alike(piece, last)
            ):
                chain.pieces.append(piece)
                break
        else:
            chains.append(_Chain([piece]))
    return [chain for chain in chains if len(chain.pieces) <= MOST_LINES]


def _are_alike(a: Piece, b: Piece) -> bool:
    sizes = sorted((a.line.typeface.size, b.line.typeface.size))
    boxes = sorted((a.box.height, b.box.height))
    same_size = sizes[0] > 0 and sizes[1] < ALIKE * sizes[0]
    return boxes[1] < (ALIKE_BOXES if same_size else ALIKE) * boxes[0]


def _joined(chains: Sequence[_Chain]) -> list[_Chain]:
    """Return the chains with those as one that an empty row parts, and that say what they are.

    A line or two between may say nothing.
    """
    found: list[_Chain] = []
    for chain in chains:
        above = _above(chain, found)
        if above is None or not (chain.marks or chain.tells):
            found.append(chain)
            continue
        between: list[_Chain] = []
        while above is not None and not (above.marks or above.tells):
            between.append(above)
            above = _above(above, found)
        if above is None or len(between) > 1:
            found.append(chain)
            continue
        for part in (*reversed(between), chain):
            above.pieces += part.pieces
        found = [one for one in found if not any(one is part for part in between)]
    return found


def _above(chain: _Chain, found: Sequence[_Chain]) -> _Chain | None:
    """Return the chain that stands above another one in line with it, an empty row between."""
    first = chain.pieces[0]
    for other in reversed(found):
        last = other.pieces[-1]
        height = last.box.height
        if (
            abs(first.box.x0 - last.box.x0) < IN_LINE * height
            and 0 < first.middle - last.middle < LEAP * height
            and _are_alike(first, last)
        ):
            return other
    return None


def _is_level(chain: _Chain, other: _Chain) -> bool:
    """Say whether two chains begin at one height, one beside the other."""
    a, b = chain.pieces[0], other.pieces[0]
    beside = chain.box.x1 < other.box.x0 or other.box.x1 < chain.box.x0
    return beside and abs(a.middle - b.middle) < IN_LINE * a.box.height


def _is_in_no_row(chain: _Chain, pieces: Sequence[Piece]) -> bool:
    """Say whether little stands beside a chain: a logo, or lines in other type between its lines.

    Lines of the same type may be a paragraph's, or cells; small signs in a row, marks of notes.
    """
    if len(chain.pieces) < APART or _has_values(chain):
        return False
    inside, box = {id(piece) for piece in chain.pieces}, chain.box
    beside = [p for p in pieces if id(p) not in inside and box.y0 < p.middle < box.y1]
    size = median(line.line.typeface.size for line in chain.pieces)
    height = median(line.box.height for line in chain.pieces)

    def is_apart(piece: Piece) -> bool:
        white = max(box.x0 - piece.box.x1, piece.box.x0 - box.x1)
        if piece.whole is not None or white < WHITE * height:
            return False
        if piece.box.height > LOGO * height:
            return True
        if any(abs(piece.middle - line.middle) < LEVEL * height for line in chain.pieces):
            return False
        sizes = piece.line.typeface.size, size
        return _differ(*sizes) or _differ(piece.box.height, height)

    return 0 < len(beside) <= FEW_BESIDE and all(map(is_apart, beside))


def _differ(a: float, b: float) -> bool:
    return min(a, b) > 0 and max(a, b) >= ALIKE * min(a, b)


def _has_values(chain: _Chain) -> bool:
    """Say whether a chain has values, which belong to the names beside them."""
    found = sum(values.is_value(piece.line.text) for piece in chain.pieces)
    return 2 * found >= len(chain.pieces)


def _is_apart(chain: _Chain, pieces: Sequence[Piece], inside: set[int]) -> bool:
    """Say whether something stands beside a chain, and nothing in it; an address may be alone."""
    box = chain.box
    level = [
        piece for piece in pieces if id(piece) not in inside and box.y0 < piece.middle < box.y1
    ]
    clear = all(
        piece.box.x0 > box.x1 + BESIDE * piece.box.height
        or piece.box.x1 < box.x0 - BESIDE * piece.box.height
        for piece in level
    )
    return clear and (bool(level) or is_address([piece.line.text for piece in chain.pieces]))

"""Hostile PDFs, written object by object."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import partial

A4 = "/MediaBox[0 0 595 842]"
TEXT = b"BT /F 40 Tf 60 700 Td (A page like any other) Tj ET"
FONT = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
PAGE = f"<</Type/Page/Parent 2 0 R{A4}/Resources<<{FONT}>>/Contents 4 0 R>>"
PAGES = "<</Type/Pages/Kids[3 0 R]/Count 1>>"

Body = str | bytes


def stream(content: bytes, entries: str = "") -> bytes:
    head = f"<<{entries}/Length {len(content)}>>\nstream\n".encode("latin-1")
    return head + content + b"\nendstream"


def squeezed(size: int, unit: bytes = b"\0", times: int = 1) -> bytes:
    """Return what inflates to ``size`` bytes or a little more, deflated again ``times - 1`` times.

    A block that was flushed whole can stand any number of times in a row: no time is spent on it.
    The sum at the end is right for zeros; with others it is not, which MuPDF does not mind.
    """
    block = unit * (1 + (1 << 20) // len(unit))
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    count = 1 + size // len(block)
    check = 1 | count * len(block) % 65521 << 16
    content = b"\x78\xda" + packed * count + b"\x03\0" + struct.pack(">I", check)
    for _ in range(times - 1):
        content = zlib.compress(content, 9)
    return content


def flate(times: int) -> str:
    return f"/Filter[{'/FlateDecode' * times}]"


def pdf(
    objects: dict[int, Body], *, trailer: str = "/Root 1 0 R", xref: bool = True
) -> bytes:
    """Write objects with a table of where they are."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        content = body.encode("latin-1") if isinstance(body, str) else body
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    if not xref:
        return bytes(out)
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        free = number not in places
        out += b"%010d %05d %s \n" % (places.get(number, 0), 65535 * free, b"fn"[not free :][:1])
    out += f"trailer\n<</Size {size}{trailer}>>\nstartxref\n{start}\n%%EOF\n".encode("latin-1")
    return bytes(out)


TEXT_STREAM = stream(TEXT)


def book(
    content: Body = TEXT_STREAM, *, page: str = PAGE, pages: str = PAGES, catalog: str = "",
    more: dict[int, Body] | None = None,
) -> bytes:  # fmt: skip
    """Return a PDF of one page, of which some part may be given."""
    return pdf(
        {
            1: f"<</Type/Catalog/Pages 2 0 R{catalog}>>",
            2: pages,
            3: page,
            4: content,
            **(more or {}),
        }
    )


def page_with(entries: str, box: str = A4) -> bytes:
    return book(page=f"<</Type/Page/Parent 2 0 R{box}/Contents 4 0 R{entries}>>")


def resources(entries: str, content: bytes, more: dict[int, Body]) -> bytes:
    """Return a page that has these resources and shows this content."""
    page = f"<</Type/Page/Parent 2 0 R{A4}/Resources<<{entries}>>/Contents 4 0 R>>"
    return book(stream(content), page=page, more=more)


# Bombs


def content_bomb() -> bytes:
    return book(stream(squeezed(2 << 30, b"0 0 m 9 9 l S\n", 2), flate(2)))


def content_of_spaces() -> bytes:
    return book(stream(squeezed(4 << 30, b" ", 3), flate(3)))


def object_stream_bomb() -> bytes:
    packed = stream(squeezed(3 << 30, b"0", 3), f"/Type/ObjStm/N 2/First 10{flate(3)}")
    start = 15
    body = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"5 0 obj\n" + packed + b"\nendobj\n"
    rows = [(0, 0, 0), (2, 5, 0), (2, 5, 1), (0, 0, 0), (0, 0, 0), (1, start, 0), (1, len(body), 0)]
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    entries = "/Type/XRef/Size 7/W[1 4 2]/Root 1 0 R"
    end = b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + b"6 0 obj\n" + stream(table, entries) + end


def xref_stream_bomb() -> bytes:
    head = b"%PDF-1.7\n"
    entries = f"/Type/XRef/Size 2000000000/W[1 4 2]/Root 1 0 R{flate(2)}"
    body = b"1 0 obj\n" + stream(squeezed(3 << 30, b"\1", 2), entries) + b"\nendobj\n"
    return head + body + b"startxref\n%d\n%%%%EOF\n" % len(head)


def image(content: bytes, width: int, height: int, entries: str) -> bytes:
    shape = f"/Type/XObject/Subtype/Image/Width {width}/Height {height}"
    shown = b"q 595 0 0 842 0 0 cm /I Do Q"
    return resources("/XObject<</I 5 0 R>>", shown, {5: stream(content, shape + entries)})


def flate_image(width: int, height: int, bits: int, times: int) -> bytes:
    entries = f"/BitsPerComponent {bits}/ColorSpace/DeviceRGB{flate(times)}"
    return image(squeezed(width * height * bits * 3 // 8, times=times), width, height, entries)


def jbig2_image() -> bytes:
    """Announce a page of JBIG2 of two thousand million by as many pixels."""
    info = struct.pack(">IIIIBH", 0x7FFFFFFF, 0x7FFFFFFF, 0, 0, 0, 0)
    segment = struct.pack(">IBBBI", 0, 48, 0, 1, len(info)) + info
    generic = struct.pack(">IIIIBB", 0x7FFFFFFF, 0x7FFFFFFF, 0, 0, 0, 0) + bytes(30)
    segment += struct.pack(">IBBBI", 1, 38, 0, 1, len(generic)) + generic
    return image(segment, 60000, 60000, "/BitsPerComponent 1/ColorSpace/DeviceGray"
                 "/Filter/JBIG2Decode")  # fmt: skip


def fax_image() -> bytes:
    parameters = "/DecodeParms<</K -1/Columns 60000/Rows 60000>>"
    return image(bytes(100), 60000, 60000, "/BitsPerComponent 1/ColorSpace/DeviceGray"
                 f"/Filter/CCITTFaxDecode{parameters}")  # fmt: skip


def jpx_image() -> bytes:
    """Announce a code stream of JPEG 2000 of 60,000 by 60,000 pixels in tiles of one."""
    size = struct.pack(">HIIIIIIIIH", 0, 60000, 60000, 0, 0, 1, 1, 0, 0, 3) + b"\7\1\1" * 3
    codestream = b"\xff\x4f\xff\x51" + struct.pack(">H", len(size) + 2) + size
    codestream += b"\xff\x52\x00\x0c\x00\x00\x00\x01\x01\x05\x04\x04\x00\x00"
    codestream += b"\xff\x5c\x00\x13\x40" + bytes(16) + b"\xff\x90\x00\x0a" + bytes(8) + b"\xff\x93"
    return image(codestream + bytes(200) + b"\xff\xd9", 60000, 60000, "/Filter/JPXDecode")


def run_length_image() -> bytes:
    return image(b"\x81\0" * 2_000_000, 20000, 12000,
                 "/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/RunLengthDecode")  # fmt: skip


# Pages


def shared_pages(count: int) -> bytes:
    # MuPDF believes in no more pages than there are objects.
    pages = f"<</Type/Pages/Kids[{'3 0 R ' * count}]/Count {count}>>"
    return book(pages=pages, more={count + 10: "null"})


def announced_pages() -> bytes:
    return book(pages="<</Type/Pages/Kids[3 0 R]/Count 2000000000>>")


def looped_pages() -> bytes:
    return book(pages="<</Type/Pages/Kids[2 0 R 3 0 R 2 0 R]/Count 3>>")


def page_that_is_its_parent() -> bytes:
    return book(page=f"<</Type/Pages/Parent 3 0 R{A4}/Kids[3 0 R]/Count 1>>")


def deep_pages(depth: int) -> bytes:
    objects: dict[int, Body] = {1: "<</Type/Catalog/Pages 2 0 R>>"}
    for number in range(2, depth):
        above = f"/Parent {number - 1} 0 R" if number > 2 else ""
        objects[number] = f"<</Type/Pages/Kids[{number + 1} 0 R]/Count 1{above}>>"
    objects[depth] = f"<</Type/Page/Parent {depth - 1} 0 R{A4}/Contents {depth + 1} 0 R>>"
    objects[depth + 1] = stream(b"0 0 100 100 re f")
    return pdf(objects)


def nested(opening: str, depth: int) -> bytes:
    closing = {"[": "]", "<<": ">>"}[opening]
    inner = "/A" if opening == "<<" else ""
    return book(catalog=f"/X {(opening + inner) * depth}0{closing * depth}")


def nested_content() -> bytes:
    return book(stream(b"[" * 1_000_000 + b"q " * 1_000_000))


# Drawing without end


def form(content: bytes, entries: str = "") -> bytes:
    return stream(content, f"/Type/XObject/Subtype/Form/BBox[0 0 595 842]{entries}")


def form_in_itself() -> bytes:
    inner = form(b"0 0 9 9 re f /X Do /X Do", "/Resources<</XObject<</X 5 0 R>>>>")
    return resources("/XObject<</X 5 0 R>>", b"/X Do", {5: inner})


def forms_that_double(levels: int) -> bytes:
    more: dict[int, Body] = {}
    for number in range(5, 5 + levels):
        inner = f"/Resources<</XObject<</X {number + 1} 0 R>>>>"
        more[number] = form(b"/X Do " * 10, inner)
    more[5 + levels] = form(b"0 0 100 100 re f")
    return resources("/XObject<</X 5 0 R>>", b"/X Do", more)


def glyph_of_itself() -> bytes:
    font = (
        "<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]/FontMatrix[.001 0 0 .001 0 0]"
        "/CharProcs<</a 6 0 R>>/Encoding<</Differences[97/a]>>/FirstChar 97/LastChar 97"
        "/Widths[1000]/Resources<</Font<</T 5 0 R>>>>>>"
    )
    glyph = stream(b"1000 0 d0 BT /T 1 Tf (aaaaaaaa) Tj ET")
    shown = b"BT /T 50 Tf 50 500 Td (aaaa) Tj ET"
    return resources("/Font<</T 5 0 R>>", shown, {5: font, 6: glyph})


def pattern(step: float, content: bytes, inner: str = "") -> bytes:
    entries = (
        "/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]"
        f"/XStep {step:f}/YStep {step:f}/Resources<<{inner}>>"
    )
    shown = b"/Pattern cs /P scn 0 0 595 842 re f"
    return resources("/Pattern<</P 5 0 R>>", shown, {5: stream(content, entries)})


def shading_without_end() -> bytes:
    entries = "/FunctionType 4/Domain[0 1 0 1]/Range[0 1]"
    function = stream(b"{ " + b"dup mul " * 20000 + b"}", entries)
    shading = (
        "<</ShadingType 1/ColorSpace/DeviceGray/Domain[0 1 0 1]/Matrix[595 0 0 842 0 0]"
        "/Function 6 0 R>>"
    )
    return resources("/Shading<</S 5 0 R>>", b"/S sh " * 1000, {5: shading, 6: function})


def mask_of_itself() -> bytes:
    state = "<</Type/ExtGState/SMask<</S/Luminosity/G 6 0 R>>>>"
    group = form(
        b"/G gs 0 0 500 500 re f",
        "/Group<</S/Transparency/CS/DeviceGray>>/Resources<</ExtGState<</G 5 0 R>>>>",
    )
    return resources("/ExtGState<</G 5 0 R>>", b"/G gs 0 0 500 500 re f", {5: state, 6: group})


def many_operations() -> bytes:
    lines = b"".join(b"%d %d m %d %d l S\n" % (n % 595, 0, (n * 7) % 595, 842) for n in range(5000))
    return book(stream(zlib.compress(lines * 400, 9), flate(1)))


def many_groups() -> bytes:
    """Ask for a transparency group of the whole page a hundred thousand times."""
    group = form(b"0 0 500 500 re f", "/Group<</S/Transparency/I true/K true>>")
    state = "<</Type/ExtGState/ca .01/BM/Luminosity>>"
    shown = b"/G gs " + b"/X Do " * 100_000
    return resources("/XObject<</X 5 0 R>>/ExtGState<</G 6 0 R>>", shown, {5: group, 6: state})


def dashes_without_end() -> bytes:
    return book(stream(b"[.000001 .000001] 0 d 1 w 0 0 m 595 842 l S\n" * 50))


# What runs, opens and fetches


def active(actions: str, canary: str = "", port: int = 9) -> bytes:
    """Return a page with an action on opening, on the page, and behind a link over all of it."""
    action = actions.replace("CANARY", canary).replace("PORT", str(port))
    annotations = (
        f"/AA<</O {action}/C {action}>>/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 595 842]"
        f"/A {action}>><</Type/Annot/Subtype/Screen/Rect[0 0 9 9]/A {action}/AA<</PO {action}>>>>]"
    )
    page = f"<</Type/Page/Parent 2 0 R{A4}/Resources<<{FONT}>>/Contents 4 0 R{annotations}>>"
    names = f"/Names<</JavaScript<</Names[(a) {action}]>>>>"
    form_fields = "/AcroForm<</Fields[]/XFA 5 0 R/NeedAppearances true>>"
    xfa = stream(b"<xdp><script>app.launchURL('http://127.0.0.1:%d/');</script></xdp>" % port)
    catalog = f"/OpenAction {action}/AA<</WC {action}/DP {action}>>{names}{form_fields}"
    return book(page=page, catalog=catalog, more={5: xfa})


ACTIONS = {
    "javascript": "<</S/JavaScript/JS(this.getURL\\('http://127.0.0.1:PORT/'\\);"
    "this.exportDataObject\\({cName:'a',nLaunch:2}\\))>>",
    "launch": "<</S/Launch/F(/usr/bin/touch)/Unix<</F(/usr/bin/touch)/P(CANARY)>>/P(CANARY)>>",
    "uri": "<</S/URI/URI(http://127.0.0.1:PORT/)>>",
    "submit": "<</S/SubmitForm/F<</FS/URL/F(http://127.0.0.1:PORT/)>>>>",
    "remote": "<</S/GoToR/F(CANARY)/D[0/Fit]/NewWindow true>>",
    "import": "<</S/ImportData/F(CANARY)>>",
}


def embedded_files() -> bytes:
    """Carry a file, also as an attachment on the page, itself a PDF."""
    carried = stream(book(), "/Type/EmbeddedFile/Subtype/application#2Fpdf")
    spec = "<</Type/Filespec/F(../../evil.pdf)/UF(../../evil.pdf)/EF<</F 5 0 R>>>>"
    page = (
        f"<</Type/Page/Parent 2 0 R{A4}/Resources<<{FONT}>>/Contents 4 0 R"
        "/Annots[<</Type/Annot/Subtype/FileAttachment/Rect[9 9 40 40]/FS 6 0 R>>]>>"
    )
    catalog = "/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>/AF[6 0 R]"
    return book(page=page, catalog=catalog, more={5: carried, 6: spec})


def outside_streams(path: str = "/etc/passwd") -> bytes:
    """Ask for a content, an image and a font whose bytes are in another file."""
    where = f"/F({path})/FFilter/FlateDecode"
    outside = stream(TEXT, where)
    shape = "/Subtype/Image/Width 9/Height 9/BitsPerComponent 8/ColorSpace/DeviceGray"
    picture = stream(b"", shape + where)
    proxy = form(b"0 0 9 9 re f", f"/Ref<</F({path})/Page 0>>")
    page = (
        f"<</Type/Page/Parent 2 0 R{A4}/Resources<<{FONT}/XObject<</I 5 0 R/R 6 0 R>>>>"
        "/Contents[4 0 R 7 0 R]>>"
    )
    shown = stream(b"/I Do /R Do " + TEXT)
    return book(outside, page=page, more={5: picture, 6: proxy, 7: shown})


# Damage


def cut(whole: bytes, share: float) -> bytes:
    return whole[: int(len(whole) * share)]


def chained_tables() -> bytes:
    """Name a table of objects that names itself as the one before."""
    whole = book()
    start = whole.rindex(b"xref\n0 ")
    return whole.replace(b"/Root", b"/Prev %d/Root" % start)


def object_in_itself() -> bytes:
    return book(page="3 0 R", more={5: "6 0 R", 6: "5 0 R"})


def length_in_itself() -> bytes:
    return book(b"<</Length 4 0 R>>\nstream\n" + TEXT + b"\nendstream")


def strange_encryption() -> bytes:
    objects: dict[int, Body] = {1: "<</Type/Catalog/Pages 2 0 R>>", 2: PAGES, 3: PAGE,
                                4: stream(TEXT)}  # fmt: skip
    entries = (
        "/Root 1 0 R/ID[<00><00>]/Encrypt<</Filter/Standard/V 5/R 9/Length 99999/P -1"
        "/O(x)/U(y)/OE(z)/UE(z)/CF<</StdCF<</CFM/AESV9/Length 0>>>>/StmF/StdCF/StrF/StdCF>>"
    )
    return pdf(objects, trailer=entries)


BUILDERS: dict[str, Callable[[], bytes]] = {
    "bomb-content.pdf": content_bomb,
    "bomb-spaces.pdf": content_of_spaces,
    "bomb-object-stream.pdf": object_stream_bomb,
    "bomb-xref-stream.pdf": xref_stream_bomb,
    "bomb-image.pdf": partial(flate_image, 40000, 40000, 8, 2),
    "bomb-jbig2.pdf": jbig2_image,
    "bomb-fax.pdf": fax_image,
    "bomb-jpx.pdf": jpx_image,
    "bomb-run-length.pdf": run_length_image,
    "pages-100000.pdf": partial(shared_pages, 100_000),
    "pages-announced.pdf": announced_pages,
    "pages-looped.pdf": looped_pages,
    "pages-own-parent.pdf": page_that_is_its_parent,
    "pages-deep.pdf": partial(deep_pages, 20_000),
    "pages-none.pdf": partial(book, pages="<</Type/Pages/Kids[]/Count 0>>"),
    "nested-arrays.pdf": partial(nested, "[", 500_000),
    "nested-dictionaries.pdf": partial(nested, "<<", 500_000),
    "nested-content.pdf": nested_content,
    "page-1-point.pdf": partial(page_with, "", "/MediaBox[0 0 1 1]"),
    "page-less-than-a-point.pdf": partial(page_with, "", "/MediaBox[0 0 .01 .01]"),
    "page-200-inches.pdf": partial(page_with, "", "/MediaBox[0 0 14400 14400]"),
    "page-user-unit.pdf": partial(page_with, "/UserUnit 75000"),
    "page-user-unit-small.pdf": partial(page_with, "/UserUnit 1e-30"),
    "page-line.pdf": partial(page_with, "", "/MediaBox[0 0 14400 1]"),
    "page-no-size.pdf": partial(page_with, "", ""),
    "page-empty-size.pdf": partial(page_with, "", "/MediaBox[9 9 9 9]"),
    "page-negative.pdf": partial(page_with, "", "/MediaBox[595 842 -595 -842]"),
    "page-nan.pdf": partial(page_with, "", "/MediaBox[0 0 nan inf]"),
    "page-endless.pdf": partial(page_with, "", "/MediaBox[-1e38 -1e38 1e38 1e38]"),
    "page-words.pdf": partial(page_with, "", "/MediaBox[(a) /b null [1]]"),
    "page-turned-45.pdf": partial(page_with, "/Rotate 45"),
    "page-turned-far.pdf": partial(page_with, "/Rotate -2147483647"),
    "form-in-itself.pdf": form_in_itself,
    "forms-that-double.pdf": partial(forms_that_double, 12),
    "glyph-of-itself.pdf": glyph_of_itself,
    "pattern-fine.pdf": partial(pattern, 0.0001, b"0 0 1 1 re f"),
    "pattern-in-itself.pdf": partial(
        pattern, 5, b"/Pattern cs /P scn 0 0 9 9 re f", "/Pattern<</P 5 0 R>>"
    ),
    "shading-without-end.pdf": shading_without_end,
    "mask-of-itself.pdf": mask_of_itself,
    "many-operations.pdf": many_operations,
    "many-groups.pdf": many_groups,
    "dashes-without-end.pdf": dashes_without_end,
    **{f"active-{name}.pdf": partial(active, action) for name, action in ACTIONS.items()},
    "embedded-files.pdf": embedded_files,
    "outside-streams.pdf": outside_streams,
    "damaged-no-startxref.pdf": lambda: book().partition(b"startxref")[0],
    "damaged-no-xref.pdf": lambda: book().partition(b"xref\n")[0],
    "damaged-xref.pdf": lambda: book().replace(b"000000", b"123456"),
    "damaged-half.pdf": lambda: cut(book(stream(TEXT * 500)), 0.5),
    "damaged-header-only.pdf": lambda: b"%PDF-1.7\n",
    "damaged-no-catalog.pdf": partial(pdf, {4: stream(TEXT)}, trailer=""),
    "chained-tables.pdf": chained_tables,
    "object-in-itself.pdf": object_in_itself,
    "length-in-itself.pdf": length_in_itself,
    "strange-encryption.pdf": strange_encryption,
}

"""Names that nobody has: reserved for one document, and fit for every file system."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd import files
from ocrd.errors import Reason, ShareGoneError
from ocrd.files import Place
from ocrd.filing import assets, plans
from ocrd.filing.plans import Names, Output, Plan
from ocrd.job import FileKey, Job, JobState

DONE = Place(Path("/nowhere/ocrd/done"))  # is not there, so that nobody has a name in it

NOTHING: Mapping[str, str] = {}


def job(relpath: str, number: int = 7) -> Job:
    return Job(
        id=number, inbox="/nowhere/ocrd/inbox", relpath=relpath, key=FileKey(1, 2, 3, 4),
        state=JobState.LEASED, priority=0, attempts=1, created=0.0,
    )  # fmt: skip


def planned(
    names: Names, relpath: str, number: int = 7, *, action: str = "move",
    kinds: Sequence[str] = ("md",), folder: Place = DONE, owned: Mapping[str, str] = NOTHING,
) -> Plan:  # fmt: skip
    return names.plan(
        job(relpath, number), state=JobState.DONE, action=action, folder=folder, kinds=kinds,
        owned=owned,
    )  # fmt: skip


def called(plan: Plan) -> list[str]:
    """Return the names that a plan takes, the source's first."""
    paths = [plan.destination, *(output.path for output in plan.outputs)]
    return [Path(path).name for path in paths if path]


# Names that fit


@pytest.mark.parametrize(
    ("source", "sidecar"),
    [
        ("scan.pdf", "scan.md"),
        ("scan", "scan.md"),
        (".pdf", ".pdf.md"),
        ("scan.tar.gz", "scan.tar.md"),
        ("n" * 252 + ".a", "n" * 252 + ".md"),  # 255 bytes: whole
        ("n" * 253 + ".a", "n" * 252 + ".md"),
        ("n" * 255, "n" * 252 + ".md"),
        ("ü" * 126 + ".ab", "ü" * 126 + ".md"),  # 252 and 3 bytes
        ("xü" * 84 + "x.a", "xü" * 84 + ".md"),  # the last one too many
        ("ü" * 126 + "x.a", "ü" * 126 + ".md"),
        ("x" + "ü" * 126 + ".a", "x" + "ü" * 125 + ".md"),  # never half a character
    ],
)
def test_a_sidecar_is_called_as_its_source_as_far_as_255_bytes_go(
    source: str, sidecar: str
) -> None:
    assert called(planned(Names(), source)) == [source, sidecar]


@pytest.mark.parametrize("stem", ["n" * 251, "ü" * 125 + "x"])
def test_a_number_takes_the_place_of_the_longest_names_last_characters(stem: str) -> None:
    names = Names()
    planned(names, f"a/{stem}.pdf")
    assert called(planned(names, f"b/{stem}.pdf", 8))[0] == (
        {"n": "n" * 249, "ü": "ü" * 124}[stem[0]] + "-2.pdf"
    )


sources = st.builds(
    lambda stem, ending: (stem + ending)[:255],
    st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=255),
    st.sampled_from(["", ".pdf", ".tiff", ".jpg", ".PDF"]),
).filter(lambda name: name not in {".", ".."} and len(os.fsencode(name)) <= 255)


@given(sources, st.lists(st.sampled_from(["md", "json", "assets", "overlay.pdf"]), max_size=4))
def test_every_name_of_every_plan_fits_and_keeps_its_ending(name: str, kinds: list[str]) -> None:
    names = Names()
    for number in range(3):
        plan = planned(names, f"{number}/{name}", number, kinds=kinds)
        for path in called(plan):
            assert 0 < len(os.fsencode(path)) <= 255
            assert "/" not in path
        assert all(output.path.endswith(f".{output.kind}") for output in plan.outputs)
        assert Path(plan.destination).suffix == Path(name).suffix


# Names that are one's own


def test_a_second_document_of_a_name_is_numbered_while_the_first_is_on_its_way() -> None:
    names = Names()
    first, second, third = (planned(names, f"{n}/scan.pdf", n) for n in range(3))
    assert called(first) == ["scan.pdf", "scan.md"]
    assert called(second) == ["scan-2.pdf", "scan-2.md"]
    assert called(third) == ["scan-3.pdf", "scan-3.md"]


def test_a_name_that_is_reserved_stays_so_however_many_ask_for_it() -> None:
    names = Names()
    asked = [planned(names, f"scan.{ending}", action="keep") for ending in ("pdf", "png", "tif")]
    assert [called(plan) for plan in asked] == [["scan.md"], ["scan.png.md"], ["scan.tif.md"]]
    assert called(planned(names, "scan.tif", action="keep")) == ["scan-2.md"]


def test_released_names_can_be_had_again() -> None:
    names = Names()
    first = planned(names, "a/scan.pdf", kinds=["md", "json"])
    names.release(first)
    assert called(planned(names, "b/scan.pdf")) == ["scan.pdf", "scan.md"]


def test_a_name_that_was_only_looked_at_is_nobodys(tmp_path: Path) -> None:
    """Once who has it on disk is gone, the next document gets it."""
    names, folder = Names(), Place(tmp_path)
    taken = [tmp_path / "scan.pdf", tmp_path / "scan-2.md"]
    for path in taken:
        path.touch()
    first = planned(names, "scan.pdf", folder=folder)
    assert called(first) == ["scan-2.pdf", "scan-2.pdf.md"]
    for path in taken:
        path.unlink()
    assert called(planned(names, "scan.pdf", folder=folder)) == ["scan.pdf", "scan.md"]
    assert called(planned(names, "scan-2.tif", folder=folder)) == ["scan-2.tif", "scan-2.md"]


def test_a_plan_that_cannot_be_made_reserves_nothing(tmp_path: Path) -> None:
    names, folder = Names(), Place(tmp_path / "done")
    (tmp_path / "done").touch()
    with pytest.raises(ShareGoneError):
        planned(names, "scan.pdf", folder=folder)
    (tmp_path / "done").unlink()
    assert called(planned(names, "scan.pdf", folder=folder)) == ["scan.pdf", "scan.md"]


@pytest.mark.parametrize(
    ("owned", "name", "replaces"),
    [
        ({"scan.md": "its hash"}, "scan.md", True),
        ({"scan.md": "another hash"}, "scan.pdf.md", False),  # edited since
        ({"scan.json": "its hash"}, "scan.pdf.md", False),
        ({}, "scan.pdf.md", False),
        ({"scan.md": ""}, "scan.pdf.md", False),
    ],
)
def test_only_a_sidecar_that_is_as_this_source_left_it_is_replaced(
    tmp_path: Path, owned: dict[str, str], name: str, replaces: bool
) -> None:
    (tmp_path / "scan.md").write_bytes(b"text")
    sha256 = files.sha256_of(tmp_path / "scan.md", None)
    known = {
        str(tmp_path / path): sha256 if known == "its hash" else known
        for path, known in owned.items()
    }
    plan = planned(Names(), "scan.pdf", action="keep", folder=Place(tmp_path), owned=known)
    (output,) = plan.outputs
    assert (Path(output.path).name, output.replaces) == (name, replaces)
    assert output.replaced == (sha256 if replaces else "")
    assert plan.destination == ""


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["scan.pdf", "scan.png", "scan", "scan-2.pdf", "scan.pdf.pdf"]),
            st.sampled_from(["move", "keep"]),
            st.lists(st.sampled_from(["md", "json", "assets"]), max_size=3, unique=True),
            st.booleans(),
        ),
        max_size=12,
    ),
    st.sets(st.sampled_from(["scan.pdf", "scan.md", "scan-2.md", "scan.png", "scan.assets"])),
)
@settings(max_examples=60, deadline=None)
def test_no_two_documents_on_their_way_and_no_file_ever_share_a_name(
    wishes: list[tuple[str, str, list[str], bool]], there: set[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in there:
            Path(folder, name).touch()
        names, under_way = Names(), list[Plan]()
        for number, (name, action, kinds, ends) in enumerate(wishes):
            under_way.append(
                planned(names, name, number, action=action, kinds=kinds, folder=Place(Path(folder)))
            )
            taken = [path for plan in under_way for path in called(plan)]
            assert len(set(taken)) == len(taken)
            assert there.isdisjoint(taken)
            if ends:
                names.release(under_way.pop(0))


# What has its place


def test_an_output_is_at_a_place_only_with_its_own_content(tmp_path: Path) -> None:
    file, folder, gone = tmp_path / "file", tmp_path / "folder", tmp_path / "gone"
    file.write_bytes(b"text")
    folder.mkdir()
    (folder / "figure.jpg").write_bytes(b"figure")
    words, figures = files.sha256_of(file, None), assets.sha256_of(folder)
    for kind, own, content in (("md", file, words), ("assets", folder, figures)):
        output = Output(kind, "", "")
        found = [output.is_at(where, content) for where in (file, folder, gone)]
        assert found == [own is file, own is folder, False]
        assert not output.is_at(own, "of something else")


def test_a_file_that_is_not_there_or_no_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"text")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    sha256 = files.sha256_of(tmp_path / "a", None)
    found = [plans.holds(tmp_path / name, sha256) for name in ("a", "link", "gone", ".")]
    assert found == [True, False, False, False]


# In the ledger

texts = st.text(max_size=20)
paths = st.builds(
    lambda name: os.fsdecode(b"/srv/" + name.replace(b"/", b"").replace(b"\0", b"")),
    st.binary(max_size=20),
)
recorded = st.builds(
    Plan,
    state=st.sampled_from([JobState.DONE, JobState.FAILED]),
    root=paths,
    action=st.sampled_from(["move", "keep", "delete"]),
    source=paths,
    destination=paths | st.just(""),
    outputs=st.lists(
        st.builds(Output, texts, paths, paths, texts, st.booleans(), texts), max_size=4
    ).map(tuple),
    reason=st.builds(Reason, texts, texts, texts, st.none() | st.integers(1, 9999)),
    anchor=paths | st.just(""),
)


@given(recorded)
def test_a_plan_comes_back_from_the_ledger_as_it_was(plan: Plan) -> None:
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_a_plan_of_a_version_without_anchors_is_understood() -> None:
    plan = planned(Names(), "scan.pdf")
    body = json.loads(json.dumps(plan.to_json()))
    del body["anchor"]
    assert Plan.from_json(body) == replace(plan, anchor="")


@pytest.mark.parametrize(
    ("destination", "outputs", "folder"),
    [
        ("/out/done/scan.pdf", ["/out/done/scan.md"], "/out/done"),
        ("/out/done/scan.pdf", [], "/out/done"),
        ("", ["/out/texts/scan.md"], "/out/texts"),
        ("", [], "/in/sub"),
    ],
)
def test_a_plans_folder_is_where_its_files_appear(
    destination: str, outputs: list[str], folder: str
) -> None:
    plan = Plan(
        JobState.DONE, "/in", "move", "/in/sub/scan.pdf", destination,
        tuple(Output("md", "", path) for path in outputs), anchor="/out",
    )  # fmt: skip
    assert plan.folder.path == Path(folder)
    assert plan.folder.root == Path("/in" if folder == "/in/sub" else "/out")


def test_a_temporary_name_tells_its_job_and_output() -> None:
    assert plans.staged_name(job("scan.pdf", 41), 2) == ".ocrd-41-2.tmp"

"""Folders of figures are filed, replaced and kept as one file is."""

from __future__ import annotations

import pytest

from ocrd.filing import filing
from tests.unit.filing.desks import BOTH, FIRST, KEPT, PUBLISHED, SECOND, Desk, owned, recorded


def test_figures_end_beside_the_sidecar_and_both_survive_a_second_run(desk: Desk) -> None:
    plan = desk.staged(kinds=BOTH)
    desk.publish(plan)
    assert desk.tree() == PUBLISHED
    desk.publish(recorded(plan))
    assert desk.tree() == PUBLISHED


def test_figures_go_to_another_file_system(far_desk: Desk) -> None:
    far_desk.publish(far_desk.staged(kinds=BOTH))
    assert (far_desk.done / "scan.assets" / FIRST).read_bytes() == b"a figure"


def test_folders_get_names_that_nobody_has(desk: Desk) -> None:
    desk.done.mkdir()
    (desk.done / "scan.assets").write_bytes(b"a file of this name")
    (desk.done / "scan.pdf.assets").mkdir()
    plan = desk.staged(kinds=BOTH)
    assert plan.outputs[0].path == str(desk.done / "scan-2.assets")
    desk.publish(plan)
    assert (desk.done / "scan-2.assets" / SECOND).exists()
    assert (desk.done / "scan.assets").read_bytes() == b"a file of this name"


@pytest.mark.parametrize("as_folder", [True, False])
def test_a_folder_name_taken_after_the_plan_publishes_nothing(desk: Desk, as_folder: bool) -> None:
    plan = desk.staged(kinds=["md", "assets"])
    taken = desk.done / "scan.assets"
    if as_folder:
        taken.mkdir()
        (taken / "mine.txt").write_bytes(b"mine")
    else:
        taken.write_bytes(b"mine")
    before = desk.tree()
    with pytest.raises(filing.PlanOutdatedError):
        desk.publish(plan)
    left = [name for name in before if ".tmp" not in name]
    assert desk.tree() == left and len(left) == 2


def test_a_kept_source_read_again_with_the_same_result_keeps_one_folder(desk: Desk) -> None:
    first = desk.staged("keep", folder=desk.inbox, kinds=BOTH)
    desk.publish(first)
    again = desk.staged("keep", folder=desk.inbox, kinds=BOTH, owned=owned(first))
    assert [output.replaces for output in again.outputs] == [True, True]
    desk.publish(again)
    assert desk.tree() == KEPT


@pytest.mark.parametrize("edit", ["change", "add", "remove"])
def test_figures_that_a_person_edited_are_not_replaced(desk: Desk, edit: str) -> None:
    first = desk.staged("keep", folder=desk.inbox, kinds=BOTH)
    desk.publish(first)
    folder = desk.inbox / "scan.assets"
    match edit:
        case "change":
            (folder / FIRST).write_bytes(b"retouched")
        case "add":
            (folder / "note.txt").write_bytes(b"a note")
        case "remove":
            (folder / FIRST).unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    desk.publish(desk.staged("keep", folder=desk.inbox, kinds=BOTH, owned=owned(first)))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert (desk.inbox / "scan.pdf.assets" / FIRST).read_bytes() == b"a figure"


@pytest.mark.parametrize("name", ["scan.md", f"scan.assets/{FIRST}"])
def test_an_edit_after_the_plan_is_kept_and_a_new_plan_asked_for(desk: Desk, name: str) -> None:
    first = desk.staged("keep", folder=desk.inbox, kinds=BOTH)
    desk.publish(first)
    again = desk.staged(
        "keep", folder=desk.inbox, kinds=BOTH, owned=owned(first), words=b"new", figure=b"new"
    )
    (desk.inbox / name).write_bytes(b"by hand")
    with pytest.raises(filing.PlanOutdatedError):
        desk.publish(again)
    assert (desk.inbox / name).read_bytes() == b"by hand"
    assert not list(desk.inbox.glob(".ocrd-*"))

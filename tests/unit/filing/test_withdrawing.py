"""Withdrawing removes what a plan put there, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from ocrd.filing import filing, plans
from tests.unit.filing.desks import BOTH, FIRST, Desk, owned


def test_withdrawing_removes_the_folder_unless_somebody_changed_it(desk: Desk) -> None:
    ours = desk.staged(kinds=BOTH)
    desk.publish(ours)
    filing.withdraw(ours)
    assert desk.tree() == ["inbox/done/scan.pdf"]
    other = replace(desk.drop("other.pdf"), id=8)
    theirs = desk.staged(job=other, kinds=BOTH)
    filing.publish(theirs, other.key, other.sha256)
    (desk.done / "other.assets" / "note.txt").write_bytes(b"a note")
    filing.withdraw(theirs)
    assert (desk.done / "other.assets" / FIRST).exists()
    assert not (desk.done / "other.md").exists()


def test_withdrawing_removes_what_was_only_staged(desk: Desk) -> None:
    filing.withdraw(desk.staged(kinds=BOTH))
    assert desk.tree() == ["inbox/scan.pdf"]
    assert list(desk.done.iterdir()) == []


def test_withdrawing_keeps_what_took_the_place_of_an_earlier_output(desk: Desk) -> None:
    """The earlier one is gone, and a kept source would be left without its text."""
    first = desk.staged("keep", folder=desk.inbox)
    desk.publish(first)
    again = desk.staged("keep", folder=desk.inbox, owned=owned(first), words=b"new")
    desk.publish(again)
    filing.withdraw(again)
    assert (desk.inbox / "scan.md").read_bytes() == b"new"


def test_withdrawing_a_plan_that_was_never_staged_touches_nothing(desk: Desk) -> None:
    (desk.done / "scan.assets").mkdir(parents=True)
    (desk.done / "scan.md").touch()
    outputs = tuple(
        plans.Output(kind, str(desk.done / ".ocrd-7-0.tmp"), str(desk.done / f"scan.{kind}"))
        for kind in ("md", "assets")
    )
    filing.withdraw(replace(desk.staged(kinds=[]), outputs=outputs))
    assert sorted(path.name for path in desk.done.iterdir()) == ["scan.assets", "scan.md"]


def test_withdrawing_one_output_does_not_hang_on_another(desk: Desk) -> None:
    """A share that shows one file no more, or a neighbour's, leaves the others to be removed."""
    plan = desk.staged(kinds=["json", "md"])
    desk.publish(plan)
    (desk.done / "scan.json").unlink()
    filing.withdraw(plan)
    assert desk.tree() == ["inbox/done/scan.pdf"]

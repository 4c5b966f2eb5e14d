from __future__ import annotations

import ast
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd import log as logs

ROOT = Path(__file__).parent.parent.parent
log = logging.getLogger("ocrd.test")


class Kept(logging.Handler):
    """Stands where the journal would."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("ocrd")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)


def test_auto_is_text_on_a_terminal() -> None:
    stream = Terminal()
    logs.configure("auto", "info", stream)
    log.warning("Done.", extra=logs.fields("done", document="a.pdf"))
    assert re.fullmatch(r"\d\d:\d\d:\d\d  warning: a\.pdf: Done\.\n", stream.getvalue())


def test_auto_is_json_elsewhere() -> None:
    stream = io.StringIO()
    logs.configure("auto", "info", stream)
    log.info("Done.", extra=logs.fields("done", job=7))
    body = json.loads(stream.getvalue())
    assert (body["event"], body["job"], body["message"]) == ("done", 7, "Done.")


def test_auto_is_the_journal_where_there_is_one_and_what_is_asked_for_otherwise() -> None:
    journal, stream = Kept(), io.StringIO()
    logs.configure("auto", "info", stream, journal)
    log.info("One.")
    logs.configure("json", "info", stream, journal)
    log.info("Two.")
    assert [record.getMessage() for record in journal.records] == ["One."]
    assert json.loads(stream.getvalue())["message"] == "Two."


def test_libraries_are_heard_from_warnings_on() -> None:
    journal = Kept()
    logs.configure("auto", "debug", io.StringIO(), journal)
    logging.getLogger("library").info("Small talk.")
    logging.getLogger("library").warning("Trouble.")
    log.debug("Detail.")
    assert [record.getMessage() for record in journal.records] == ["Trouble.", "Detail."]


def test_fields_without_a_value_are_left_out() -> None:
    record = logging.makeLogRecord(logs.fields("x", code="", page=None, pages=0, inboxes=["a"]))
    assert logs.texts(record) == {"event": "x", "pages": "0", "inboxes": '["a"]'}


def test_the_id_of_an_event_never_changes() -> None:
    assert logs.message_id("done") == "8785049279795f949b2ff677504b0887"


def documented() -> dict[str, str]:
    page = (ROOT / "docs" / "events.md").read_text()
    return dict(re.findall(r"^- \*\*`([a-z-]+)`\*\* `([0-9a-f]{32})`:", page, re.MULTILINE))


def events_in_the_code() -> set[str]:
    found = set()
    for path in (ROOT / "ocrd").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(name) | ast.Attribute(attr=name), args=[ast.Constant(event), *_]
                ) if name in {"about", "fields", "_fields"}:
                    found.add(str(event))
    return found


def test_every_event_is_documented_with_its_id() -> None:
    table = documented()
    missing = events_in_the_code() - set(table)
    assert not missing, [f"- **`{event}`** `{logs.message_id(event)}`: …" for event in missing]
    assert table == {event: logs.message_id(event) for event in table}


@pytest.mark.parametrize(
    ("name", "message", "told"),
    [
        ("a/torn.jpg", "torn.jpg: damaged.", "a/torn.jpg: Damaged."),
        ("torn.jpg", "Failed: torn.jpg: not a picture.", "torn.jpg: Failed: Not a picture."),
        ("a.pdf", "Wait for 10 min. a.pdf: damaged.", "a.pdf: Wait for 10 min. Damaged."),
        ("a.pdf", "a.pdf is damaged. It waits.", "a.pdf: It is damaged. It waits."),
        ("a.pdf", "Beside a.pdf is another.", "a.pdf: Beside a.pdf is another."),
        ("a.pdf", "Done: /in/done/a.pdf", "a.pdf: Done: /in/done/a.pdf"),
        ("a.pdf", "aa.pdf: another one.", "a.pdf: aa.pdf: another one."),
    ],
)
def test_a_document_is_named_once_in_a_line(name: str, message: str, told: str) -> None:
    record = logging.LogRecord("ocrd", logging.INFO, __file__, 1, message, None, None)
    record.__dict__.update(logs.fields("failed", document=name))
    assert logs.sentence(record) == told

"""Jobs over the interface for programs: a real daemon, asked over its socket and over TCP."""

from __future__ import annotations

import io
import json
import subprocess
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests import api
from tests.flow.scripted import engine
from tests.installation import OCRD, ROOT, Installation, eventually, make_pdf

WORDS = [f"word{number}" for number in range(2000)]
STREAMER = engine("streamer", "delay = 0.005")
SOON_SECONDS = 1.0  # in which a cancelled page is over, on a quiet machine


class House:
    """A daemon for all the tests of this file, and a client at one of its doors."""

    def __init__(self, daemon: Installation) -> None:
        self.daemon = daemon
        self.book = daemon.root / "book.pdf"  # of three pages
        self.leaf = daemon.root / "leaf.pdf"
        make_pdf(self.book, 3)
        make_pdf(self.leaf, 1)
        self.client: httpx2.Client

    def job(self, number: int) -> Any:
        return api.job(self.client, number)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root = tmp_path_factory.mktemp("api")
    daemon = Installation(root)
    more = "".join(
        f'[engines.{name}]\n{engine(module)}options = {{ {options} }}\n'
        for name, module, options in (
            ("lines", "echo", ""),
            ("slow", "streamer", f'delay = 0.05, text = "{" ".join(WORDS[:20])}"'),
            ("endless", "streamer", f'delay = 0.05, text = "{" ".join(WORDS)}"'),
        )
    )
    api.configured(daemon, STREAMER, keys=KEYS.format(root=root), more=more)
    daemon.start()
    yield House(daemon)
    daemon.stop()
    assert "Traceback" not in daemon.log.read_text(), daemon.log.read_text()


KEYS = (
    "reader: reader-key-0123456789 read\n"
    "uploader: uploader-key-0123456789 read upload\n"
    "other: other-key-0123456789abc read upload\n"
    "guest: guest-key-0123456789abc read upload folder={root}/elsewhere\n"
)


@pytest.fixture(params=api.DOORS)
def house(running: House, request: pytest.FixtureRequest) -> Iterator[House]:
    with api.asking(running.daemon, request.param) as client:
        running.client = client
        yield running


def told(answer: httpx2.Response, status: int) -> Any:
    """Return the error that a request was refused with."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] and error["message"]
    return error


# From the document to its results


def test_a_document_is_read_and_all_that_came_of_it_is_to_be_had(house: House) -> None:
    client = house.client
    answer = client.post(
        "/v1/jobs", files={"file": ("book.pdf", house.book.read_bytes())},
        data={"outputs": "md,json,overlay", "pages": "2-", "front_matter": "yes"},
    )  # fmt: skip
    assert answer.status_code == 202
    job = answer.json()["job"]
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}" == job["links"]["self"]
    assert job["asked"] == {"outputs": ["md", "json", "overlay"], "front_matter": True}
    done = api.ended(client, job["id"])
    assert (done["state"], done["outcome"], done["pages"], done["pages_done"]) == (
        "done", "done", 2, 2,
    )  # fmt: skip
    assert done["seconds_left"] == 0 and done["asked_pages"] == "2-"
    links = done["links"]
    markdown = client.get(links["result"])
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert markdown.text.startswith("---\n") and markdown.text.count("# A heading") == 2
    assert "<!-- page 3 -->" in markdown.text and "<!-- page 1 -->" not in markdown.text
    body = client.get(links["json"]).json()
    assert [page["page"] for page in body["pages"]] == [2, 3] and body["page_count"] == 3
    overlay = client.get(links["overlay"])
    assert overlay.headers["content-type"] == "application/pdf"
    assert overlay.content.startswith(b"%PDF")
    page = client.get(links["page"].format(page=3)).json()
    assert page["markdown"].startswith("# A heading\n\nFour words in all")
    assert (page["status"], page["tokens"], page["least"]) == ("read", 17, 0.5)
    packed = client.get(links["zip"])
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["book.md", "book.json", "book.overlay.pdf"]
        assert archive.read("book.md") == markdown.content


@pytest.mark.parametrize(
    ("accept", "kind", "begins"),
    [
        ("*/*", "text/markdown", b"<!-- page 1 -->"),
        ("application/json", "application/json", b'{"version":1'),
        ("text/plain;q=0.9, application/zip;q=0.1", "text/plain", b"<!-- page 1 -->"),
        ("application/zip, text/markdown;q=0.5", "application/zip", b"PK"),
    ],
)
def test_the_form_is_what_is_accepted(house: House, accept: str, kind: str, begins: bytes) -> None:
    job = api.ended(house.client, api.bring(house.client, house.leaf)["id"])
    answer = house.client.get(f"/v1/jobs/{job['id']}/result", headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.content.startswith(begins)
    told(house.client.get(f"/v1/jobs/{job['id']}/result", headers={"Accept": "image/png"}), 406)


def test_a_raw_body_is_a_document_and_its_name_is_told_beside_it(house: House) -> None:
    answer = house.client.post(
        "/v1/jobs?mode=text&engine=lines", content=house.leaf.read_bytes(),
        headers={"X-Filename": "B%C3%A4ume.pdf", "Content-Type": "application/pdf"},
    )  # fmt: skip
    job = answer.json()["job"]
    assert job["relpath"].endswith("/Bäume.pdf")
    done = api.ended(house.client, job["id"])
    assert done["engine"] == "echo"
    text = house.client.get(f"/v1/jobs/{job['id']}/result")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Page image" in text.text


def test_a_page_is_to_be_had_as_soon_as_it_is_read(house: House) -> None:
    client = house.client
    job = api.bring(client, house.book, engine="slow")
    base = f"/v1/jobs/{job['id']}"
    assert told(client.get(f"{base}/pages/2"), 409)["code"] == "not-yet"
    told(client.get(f"{base}/result"), 409)
    with client.stream("GET", f"{base}/events") as stream:
        number = next(
            data["page"] for kind, _, data in api.events(stream.iter_lines()) if kind == "page"
        )
    first = client.get(f"{base}/pages/{number}")
    assert "word0 word1 word2" in first.json()["markdown"]
    plain = client.get(f"{base}/pages/{number}", headers={"Accept": "text/markdown"})
    assert plain.text == first.json()["markdown"]
    going = house.job(job["id"])
    assert going["state"] == "leased" and going["pages_done"] >= 1
    assert going["pages_per_second"] > 0 and going["seconds_left"] > 0
    told(client.get(f"{base}/pages/4"), 404)
    client.delete(base)


def test_a_list_goes_on_where_it_was_cut_and_is_filtered(house: House) -> None:
    client = house.client
    numbers = [api.bring(client, house.leaf, f"listed-{place}.pdf")["id"] for place in range(3)]
    for number in numbers:
        api.ended(client, number)
    asked = {"inbox": "uploads", "name": "listed-*.pdf", "limit": "2", "state": "done"}
    first = client.get("/v1/jobs", params=asked).json()
    assert [job["id"] for job in first["jobs"]] == numbers[:0:-1]
    rest = client.get("/v1/jobs", params={**asked, "before": first["next"]}).json()
    assert rest["jobs"][0]["id"] == numbers[0]
    told(client.get("/v1/jobs?limit=0"), 400)
    told(client.get("/v1/jobs?state=eaten"), 400)
    told(client.get("/v1/jobs?colour=red"), 400)
    assert client.get("/v1/jobs?name=%FF%FE&inbox=%00").json()["jobs"] == []


def test_documents_of_folders_are_seen_by_the_same_routes(house: House) -> None:
    daemon, client = house.daemon, house.client
    name = f"letter-{time.monotonic_ns()}.pdf"
    daemon.drop(house.leaf, name)
    daemon.wait_for(f"done/{name}")
    [job] = client.get("/v1/jobs", params={"name": name}).json()["jobs"]
    assert job["by"] == "" and job["asked"] == {}
    base = f"/v1/jobs/{job['id']}"
    result = client.get(f"{base}/result")
    assert result.text == (daemon.done / name).with_suffix(".md").read_text()
    assert "json" not in job["links"]
    missing = told(client.get(f"{base}/pages/1"), 404)
    assert missing["message"] == f"Job {job['id']} has no JSON."
    assert told(client.delete(base), 409)["code"] == "not-an-upload"
    (daemon.done / name).with_suffix(".md").unlink()
    assert "moved or deleted" in told(client.get(f"{base}/result"), 404)["message"]


def test_a_link_in_the_place_of_a_result_is_not_followed(running: House) -> None:
    daemon = running.daemon
    with api.asking(daemon) as client:
        daemon.drop(running.leaf, "swapped.pdf")
        daemon.wait_for("done/swapped.pdf")
        [job] = client.get("/v1/jobs", params={"name": "swapped.pdf"}).json()["jobs"]
        result = daemon.done / "swapped.md"
        result.unlink()
        result.symlink_to(daemon.config)
        assert "state_dir" not in client.get(f"/v1/jobs/{job['id']}/result").text
        told(client.get(f"/v1/jobs/{job['id']}/result"), 404)


# What is asked for


def test_all_that_is_wrong_with_a_request_is_told_at_once(house: House) -> None:
    before = house.client.get("/v1/jobs").json()["jobs"][:1]
    answer = house.client.post(
        "/v1/jobs", files={"file": ("a.png", b"x")},
        data={"mode": "txt", "pages": "3-1", "tolerance": "2", "colour": "red", "priority": "x"},
    )  # fmt: skip
    error = told(answer, 422)
    assert {fault["key"] for fault in error["faults"]} == {
        "mode", "pages", "tolerance", "colour", "priority",
    }  # fmt: skip
    assert 'Did you mean "text"?' in answer.text.replace('\\"', '"')
    told(house.client.post("/v1/jobs?engine=none", content=b"x"), 422)
    told(house.client.post("/v1/jobs?callback=http://127.0.0.1/", content=b"x"), 422)
    told(house.client.post("/v1/jobs", data={"mode": "text"}), 415)
    told(house.client.post("/v1/jobs", content=b""), 422)
    assert house.client.get("/v1/jobs").json()["jobs"][:1] == before
    assert not list((house.daemon.root / "state" / "uploads" / ".incoming").iterdir())


def test_the_same_key_and_request_are_one_job(house: House) -> None:
    name = f"promise-{time.monotonic_ns()}"
    headers = {"Idempotency-Key": name}
    first = house.client.post("/v1/jobs?mode=text", content=b"%PDF-", headers=headers)
    again = house.client.post("/v1/jobs?mode=text", content=b"%PDF-", headers=headers)
    assert again.status_code == 202 and "idempotency-replayed" in again.headers
    assert again.json()["job"]["id"] == first.json()["job"]["id"]
    other = house.client.post("/v1/jobs", content=b"%PDF-", headers=headers)
    assert told(other, 422)["code"] == "idempotency"
    with api.asking(house.daemon, key="uploader-key-0123456789") as somebody:
        theirs = somebody.post("/v1/jobs?mode=text", content=b"%PDF-", headers=headers)
        assert theirs.json()["job"]["id"] != first.json()["job"]["id"]
    told(house.client.post("/v1/jobs", content=b"x", headers={"Idempotency-Key": "k" * 256}), 400)


def test_a_document_that_is_none_fails_by_name(house: House) -> None:
    job = api.ended(house.client, api.bring(house.client, b"no document at all", "notes.bin")["id"])
    assert (job["state"], job["code"]) == ("failed", "unsupported")
    assert "it failed" in told(house.client.get(f"/v1/jobs/{job['id']}/result"), 404)["message"]
    packed = house.client.get(f"/v1/jobs/{job['id']}/result?format=zip")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        [name] = archive.namelist()
        assert json.loads(archive.read(name))["code"] == "unsupported"


# Its end


@pytest.mark.parametrize("how", ["cancel", "delete"])
def test_cancelling_stops_the_engine_at_its_next_token(house: House, how: str) -> None:
    """The page would go on for 100 s."""
    client = house.client
    waits = []
    for _ in range(3):  # the machine may be busy with others
        number = api.bring(client, house.leaf, engine="endless")["id"]
        path = f"/v1/jobs/{number}"
        eventually(lambda: in_flight(client) == 1, 30)
        began = time.monotonic()
        answer = client.post(f"{path}/cancel") if how == "cancel" else client.delete(path)
        assert answer.status_code == 200, answer.text
        eventually(lambda: in_flight(client) == 0, 30, interval=0.01)
        waits.append(time.monotonic() - began)
        if how == "cancel":
            assert answer.json()["job"]["state"] == "cancelled"
            assert client.delete(path).status_code == 200
        told(client.get(path), 404)
    assert min(waits) < SOON_SECONDS, waits
    endless = next(one for one in engines(client) if one["name"] == "endless")
    assert endless["restarts"] == 0


def engines(client: httpx2.Client) -> Any:
    return client.get("/v1/status").json()["engines"]


def in_flight(client: httpx2.Client) -> int:
    return next(int(one["in_flight"]) for one in engines(client) if one["name"] == "endless")


def test_what_is_deleted_leaves_nothing(house: House) -> None:
    job = api.ended(house.client, api.bring(house.client, house.book)["id"])
    token = job["relpath"].partition("/")[0]
    uploads = house.daemon.root / "state" / "uploads"
    assert list(uploads.rglob(token))
    assert house.client.delete(f"/v1/jobs/{job['id']}").json() == {"deleted": job["id"]}
    assert not list(uploads.rglob(token))
    told(house.client.get(f"/v1/jobs/{job['id']}/result"), 404)
    told(house.client.delete(f"/v1/jobs/{job['id']}"), 404)


def test_a_retry_reads_it_again_as_it_was_asked_for(house: House) -> None:
    client = house.client
    job = api.ended(client, api.bring(client, house.book, pages="2", outputs="md")["id"])
    again = client.post(f"/v1/jobs/{job['id']}/retry")
    [outcome] = again.json()["outcomes"]
    new = api.ended(client, outcome["new"])
    assert (new["state"], new["pages"], new["asked_pages"]) == ("done", 1, "2")
    assert new["asked"] == {"outputs": ["md"]} and new["by"] == job["by"]


def test_one_can_wait_for_the_end(house: House) -> None:
    number = api.bring(house.client, house.book)["id"]
    began = time.monotonic()
    found = api.job(house.client, number, wait=60)
    assert found["state"] == "done" and time.monotonic() - began < 60
    slow = api.bring(house.client, house.leaf, engine="endless")["id"]
    assert api.job(house.client, slow, wait=0.2)["state"] in {"queued", "leased"}
    house.client.delete(f"/v1/jobs/{slow}")


def test_the_command_line_shows_uploads_as_they_were_brought(running: House) -> None:
    daemon = running.daemon
    with api.asking(daemon, key="uploader-key-0123456789") as client:
        job = api.bring(client, running.leaf, "minutes.pdf", engine="endless", pages="1")
        shown = daemon.command("show", str(job["id"])).stdout
        assert "uploads/minutes.pdf, brought by uploader" in shown
        assert "engine endless; pages 1" in shown
        listed = daemon.command("jobs", "--inbox", "uploads", "--name", "minutes*").stdout
        assert "uploads/minutes.pdf" in listed and str(daemon.root) not in listed
        cancelled = daemon.command("cancel", str(job["id"])).stdout
        assert cancelled == f"Job {job['id']} is cancelled: uploads/minutes.pdf\n"
        [told] = daemon.call("retry", str(job["id"]))
        again = daemon.call("show", str(told["new"]))
        assert (again["by"], again["asked"], again["asked_pages"]) == (
            "uploader", {"engine": "endless"}, "1",
        )  # fmt: skip
        status = daemon.command("status").stdout
        assert f"programs ask at {client.base_url}".rstrip("/") in status and "upload" in status
        assert client.delete(f"/v1/jobs/{told['new']}").status_code == 200
        assert client.get(f"/v1/jobs/{job['id']}").status_code == 404, "it went with it"


# Events


def test_events_come_to_the_end_and_go_on_behind_the_last_one(house: House) -> None:
    client = house.client
    number = api.bring(client, house.book)["id"]
    with client.stream("GET", f"/v1/jobs/{number}/events") as stream:
        found = list(api.events(stream.iter_lines()))
    kinds = [kind for kind, _, _ in found]
    assert kinds[0] == "job" and kinds[-1] == "done" and kinds.count("page") == 3
    assert sorted(data["page"] for kind, _, data in found if kind == "page") == [1, 2, 3]
    assert found[0][2]["id"] == number
    middle = kinds.index("page")
    with client.stream(
        "GET", f"/v1/jobs/{number}/events", headers={"Last-Event-ID": found[middle][1]}
    ) as stream:
        assert list(api.events(stream.iter_lines())) == found[middle + 1 :]
    nothing_new = client.get(
        f"/v1/jobs/{number}/events", headers={"Last-Event-ID": found[-1][1]}
    )
    assert nothing_new.status_code == 204
    with client.stream(
        "GET", f"/v1/jobs/{number}/events", headers={"Last-Event-ID": "0-1"}
    ) as stream:
        lost = list(api.events(stream.iter_lines()))
    assert [kind for kind, _, _ in lost] == ["lost", "job"]
    assert lost[1][2]["state"] == "done"


def test_who_may_see_some_folders_hears_of_his_own_uploads_alone(running: House) -> None:
    with ExitStack() as stack:
        guest, other = (
            stack.enter_context(api.asking(running.daemon, key=key))
            for key in ("guest-key-0123456789abc", "other-key-0123456789abc")
        )
        stream = stack.enter_context(guest.stream("GET", "/v1/events"))
        heard = api.events(stream.iter_lines())
        hidden = api.bring(other, running.leaf)["id"]
        api.ended(other, hidden)
        own = api.bring(guest, running.leaf)["id"]
        jobs = [next(heard)[2]["job"] for _ in range(3)]
        assert jobs == [own] * 3
        told(guest.get(f"/v1/jobs/{hidden}"), 404)
        told(guest.get(f"/v1/jobs/{hidden}/events"), 404)
        seen = guest.get("/v1/jobs", params={"limit": 1}).json()
        assert [job["id"] for job in seen["jobs"]] == [own], "a page is not shortened"
        assert guest.get("/v1/inboxes").json()["inboxes"] == []
        assert guest.get("/v1/status").json()["inboxes"] == []


def test_his_own_uploads_are_his_to_cancel_and_those_of_others_are_not(running: House) -> None:
    with ExitStack() as stack:
        uploader, other, reader = (
            stack.enter_context(api.asking(running.daemon, key=f"{name}-key-0123456789{more}"))
            for name, more in (("uploader", ""), ("other", "abc"), ("reader", ""))
        )
        job = api.bring(uploader, running.leaf, engine="endless")
        path = f"/v1/jobs/{job['id']}"
        for client in (other, reader):
            assert client.get(path).status_code == 200
            for answer in (
                client.post(f"{path}/cancel"), client.delete(path), client.post(f"{path}/retry"),
            ):
                assert told(answer, 403)["code"] == "scope"
        told(reader.post("/v1/jobs", content=b"x"), 403)
        told(uploader.post("/v1/jobs?priority=1", content=b"x"), 403)
        assert uploader.post(f"{path}/cancel").json()["job"]["state"] == "cancelled"
        assert uploader.delete(path).status_code == 200
        low = uploader.post("/v1/jobs?priority=-5", content=b"x")
        assert low.json()["job"]["priority"] == -5


def test_a_daemon_without_a_folder_reads_what_programs_bring(tmp_path: Path) -> None:
    daemon = Installation(tmp_path)
    api.configured(daemon, engine("echo"))
    table = f'[[inbox]]\npath = "{daemon.inbox}"\n'
    before, _, after = daemon.config.read_text().partition(table)
    daemon.config.write_text(before + after[after.index("[api]") :])
    make_pdf(tmp_path / "a.pdf", 2)
    daemon.start()
    try:
        with api.asking(daemon, "tcp") as client:
            document = (tmp_path / "a.pdf").read_bytes()
            answer = client.post("/v1/jobs", files={"file": ("a.pdf", document)})
            assert answer.status_code == 202, answer.text
            number = answer.json()["job"]["id"]
            eventually(lambda: api.job(client, number)["state"] == "done")
        assert daemon.status()["inboxes"] == []
        command = [*OCRD, "status", "--config", str(daemon.config)]
        shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert "1 done" in shown
        assert "left alone" not in shown
    finally:
        daemon.stop()

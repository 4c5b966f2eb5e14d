"""Jobs by the routes of those servers, and what is read at once instead, whole or in part."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx2

from tests.flow.direct.serving import FREE, PLAIN, TEXT, a_file, in_work, said
from tests.installation import Installation, eventually, make_pdf


def test_a_form_without_more_is_a_job(client: httpx2.Client, tmp_path: Path) -> None:
    make_pdf(tmp_path / "book.pdf", 3)
    made = client.post("/ocr", files=a_file("book.pdf", (tmp_path / "book.pdf").read_bytes()))
    assert made.status_code == 200, made.text
    identity = made.json()["job_id"]
    assert made.json() == {"job_id": identity, "filename": "book.pdf", "status": "queued"}

    def state() -> Any:
        return client.get(f"/ocr/{identity}").json()

    eventually(lambda: state()["status"] == "completed")
    assert state() == {
        "job_id": identity, "filename": "book.pdf", "status": "completed", "total_pages": 3,
        "processed_pages": 3, "error": None,
    }  # fmt: skip
    second = client.get(f"/ocr/{identity}/pages/2").json()
    assert second == {"job_id": identity, "page_num": 2, "markdown": second["markdown"]}
    assert "Four words in all" in second["markdown"]
    result = client.get(f"/ocr/{identity}/result").json()
    assert result["status"] == "completed"
    assert [one["page_num"] for one in result["pages"]] == [1, 2, 3]
    assert result["pages"][1]["markdown"] == second["markdown"]
    jobs = client.get("/jobs").json()["jobs"]
    assert {"job_id": identity, "status": "completed"}.items() <= jobs[0].items()
    assert client.post(f"/ocr/{identity}/cancel").status_code == 409
    assert client.delete(f"/ocr/{identity}").json() == {"status": "deleted"}
    assert client.get(f"/ocr/{identity}").status_code == 404


def test_a_job_is_seen_page_by_page_and_cancelled(
    client: httpx2.Client, daemon: Installation, tmp_path: Path
) -> None:
    make_pdf(tmp_path / "long.pdf", 5)
    content = (tmp_path / "long.pdf").read_bytes()
    identity = client.post("/ocr", files=a_file("long.pdf", content), data={"engine": "slow"})
    job = f"/ocr/{identity.json()['job_id']}"
    eventually(lambda: client.get(job).json()["status"] == "processing")
    assert client.get(f"{job}/result").status_code == 409
    assert client.get(f"{job}/pages/5").status_code == 409
    eventually(lambda: in_work(daemon, "slow"))
    told = client.post(f"{job}/cancel").json()
    assert told == {"job_id": job.removeprefix("/ocr/"), "status": "cancelling"}
    assert client.get(job).json()["status"] == "cancelled"
    assert client.get(f"{job}/result").json()["pages"] == []
    assert client.get("/ocr/99999999").status_code == 404
    assert client.get("/ocr/no-such-job").status_code == 404
    assert client.delete(job).json() == {"status": "deleted"}


def test_what_is_asked_for_tells_a_job_from_an_answer(client: httpx2.Client) -> None:
    def ask(headers: dict[str, str] | None = None, **more: Any) -> httpx2.Response:
        return client.post("/ocr", files=a_file(), headers=headers, **more)

    assert "job_id" in ask().json()
    assert "job_id" in ask(params={"wait": "false"}).json()
    assert "job_id" in ask({"Accept": "application/json"}).json()
    assert ask(params={"wait": "true"}).json()["text"] == TEXT
    assert ask(params={"mode": "base"}).json()["text"] == PLAIN
    assert ask(data={"prompt": FREE}).json()["text"] == PLAIN
    plain = ask({"Accept": "text/plain"})
    assert (plain.text, plain.headers["content-type"]) == (
        f"{PLAIN}\n", "text/plain; charset=utf-8",
    )  # fmt: skip
    marked = ask({"Accept": "text/markdown"})
    assert (marked.text, marked.headers["content-type"]) == (
        f"{TEXT}\n", "text/markdown; charset=utf-8",
    )  # fmt: skip
    assert said(ask({"Accept": "text/event-stream"}))[-1] == "[DONE]"
    for job in client.get("/jobs").json()["jobs"]:
        client.delete(f"/ocr/{job['job_id']}")


def test_a_short_document_is_read_whole_and_in_part(client: httpx2.Client, tmp_path: Path) -> None:
    make_pdf(tmp_path / "short.pdf", 4)
    content = (tmp_path / "short.pdf").read_bytes()
    whole = client.post("/ocr/markdown", files=a_file("short.pdf", content)).json()
    assert (whole["pages"], whole["markdown"].count("Four words in all")) == (4, 4)
    part = client.post(
        "/ocr/markdown", files=a_file("short.pdf", content), params={"pages": "2-3"}
    ).json()
    assert (part["pages"], part["markdown"].count("Four words in all")) == (2, 2)
    streamed = said(client.post("/ocr/stream", files=a_file("short.pdf", content)))
    assert "".join(streamed[:-1]).count("Four words in all") == 4
    make_pdf(tmp_path / "long.pdf", 6)
    long = a_file("long.pdf", (tmp_path / "long.pdf").read_bytes())
    for path in ("/ocr/markdown", "/ocr/stream"):
        refused = client.post(path, files=long)
        assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too-many-pages")


def test_a_page_that_cannot_be_read_fails_alone_unless_it_is_all_that_was_asked_for(
    client: httpx2.Client, tmp_path: Path
) -> None:
    make_pdf(tmp_path / "five.pdf", 5)
    five = a_file("five.pdf", (tmp_path / "five.pdf").read_bytes())
    body = client.post("/ocr/markdown", files=five, data={"engine": "deadly"}).json()
    assert (body["state"], body["pages"], body["failed"]) == ("partial", 5, [4])
    assert body["markdown"].count("Page image") == 4
    assert any(warning.startswith("Page 4") for warning in body["warnings"])
    assert not any(re.search(r"[0-9a-f]{16}", warning) for warning in body["warnings"])
    alone = client.post("/ocr/markdown", files=five, data={"engine": "deadly", "pages": "4"})
    error = alone.json()["error"]
    assert (alone.status_code, error["code"], error["page"]) == (422, "poisonous-page", 4)

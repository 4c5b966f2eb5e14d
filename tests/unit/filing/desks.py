"""An inbox with one source on it, staged and filed as a test tells."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ocrd import files
from ocrd.files import Place
from ocrd.filing import filing, plans
from ocrd.job import Job, JobState

MTIME = 1_000_000_000
FIRST, SECOND = "page-001-figure-1.jpg", "page-001-figure-2.jpg"
BOTH = ["assets", "md"]
PUBLISHED = [
    f"inbox/done/scan.assets/{FIRST}", f"inbox/done/scan.assets/{SECOND}", "inbox/done/scan.md",
    "inbox/done/scan.pdf",
]  # fmt: skip
KEPT = [name.replace("done/", "") for name in PUBLISHED]


class Desk:
    """An inbox with one source, and the shortest way to file it."""

    def __init__(self, root: Path, done: Path, name: str = "scan.pdf") -> None:
        self.inbox, self.done = root / "inbox", done
        self.inbox.mkdir()
        self.names = plans.Names()
        self.job = self.drop(name)

    def drop(self, name: str, content: bytes = b"the source") -> Job:
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (MTIME, MTIME))
        key = files.file_key(path)
        return Job(
            id=7, inbox=str(self.inbox), relpath=name, key=key, state=JobState.LEASED, priority=0,
            attempts=1, created=0.0, sha256=files.sha256_of(path, key),
        )

    def staged(self, action: str = "move", **how: Any) -> plans.Plan:
        job = how.pop("job", self.job)
        arguments = {
            "state": JobState.DONE, "action": action, "kinds": ["md"], "owned": {}, **how,
        }
        folder = arguments.pop("folder", self.done)
        arguments["folder"] = Place.of(folder, self.inbox, folder)
        words, figure = how.get("words", b"# Text\n"), how.get("figure", b"a figure")
        for key in ("words", "figure"):
            arguments.pop(key, None)
        plan = self.names.plan(job, **arguments)
        writer: filing.Writer = lambda out: out.write(words)  # noqa: E731
        figures = {FIRST: lambda out: out.write(figure), SECOND: lambda out: out.write(b"two")}
        return filing.stage(
            plan,
            [figures if output.kind == plans.ASSETS else writer for output in plan.outputs],
        )

    def publish(self, plan: plans.Plan) -> None:
        filing.publish(plan, self.job.key, self.job.sha256)

    def tree(self) -> list[str]:
        root = self.inbox.parent
        return sorted(
            str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()
        )


def owned(plan: plans.Plan) -> dict[str, str]:
    """Return what the ledger would know of a kept source's outputs."""
    return {output.path: output.sha256 for output in plan.outputs}


def recorded(plan: plans.Plan) -> plans.Plan:
    """Return the plan as it comes back from the ledger."""
    return plans.Plan.from_json(json.loads(json.dumps(plan.to_json())))

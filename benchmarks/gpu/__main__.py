"""The command: all stages, their lines, the report."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.gpu import attendant, carried, lines, report, suite
from benchmarks.gpu.attendant import Attendant
from benchmarks.gpu.course import Course
from benchmarks.gpu.stages import STAGES

SECONDS = 540.0  # nine minutes: one command on a lent machine has ten
DEFAULT_FOLDER = Path("build/bench-gpu")


def main() -> int:
    """Run the stages that are asked for; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="benchmarks.gpu", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a tiny network on the processor")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="for all of it (%(default)s)"
    )
    parser.add_argument(
        "--folder", type=Path,
        help=f"for the results, instead of $OUT or {DEFAULT_FOLDER}",
    )  # fmt: skip
    parser.add_argument("--stages", nargs="+", metavar="NAME", help="only these",
                        choices=[stage.name for stage in STAGES])  # fmt: skip
    options = parser.parse_args()
    until = time.monotonic() + options.seconds
    folder = (options.folder or Path(os.environ.get("OUT") or DEFAULT_FOLDER)).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [stage for stage in STAGES if stage.name in (options.stages or [stage.name])]
    with tempfile.TemporaryDirectory() as unpacked:
        environment = carried.environment(os.environ, Path(unpacked))
        bench = Attendant(attendant.command(folder, tiny=options.tiny), folder, environment)
        written = lines.Lines(folder, sys.stdout)
        course = Course(
            bench, partial(suite.run, folder=folder, environment=environment), written,
            until, options.tiny,
        )  # fmt: skip
        try:
            course.run(chosen)
        finally:
            bench.end()
            written.close()
            said = report.written(written.all, time.strftime("%Y-%m-%d"))
            (folder / report.FILE).write_text(said, encoding="utf-8")
    print(said, file=sys.stderr)
    print(f"{folder / report.FILE}", file=sys.stderr)
    return int(any(line.status == "failed" for line in written.all))


if __name__ == "__main__":
    sys.exit(main())

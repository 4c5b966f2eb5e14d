"""The command for a GPU, on the processor with a tiny network: whatever happens, figures come."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu import attendant, carried, decide, lines, report, stages, suite
from benchmarks.gpu.attendant import Attendant
from benchmarks.gpu.course import Course
from benchmarks.gpu.lines import Line, Lines
from benchmarks.gpu.stages import STAGES, Stage

ROOT = Path(__file__).parents[2]
NAMES = [stage.name for stage in STAGES]
# What a machine with a GPU may not have.
ABSENT = (
    "pydantic", "pydantic_core", "pydantic_settings", "pymupdf", "fitz", "rapidocr", "onnxruntime",
    "cv2", "starlette", "uvicorn", "watchdog", "pytest_asyncio", "hypothesis", "rapidfuzz",
)  # fmt: skip
IMPORTS = f"""
import sys
sys.modules |= dict.fromkeys({ABSENT!r})  # importing one of them fails, and nobody finds it
import importlib, pkgutil
import benchmarks.gpu, tests.gpu
names = [m.name for p in (benchmarks.gpu, tests.gpu)
         for m in pkgutil.iter_modules(p.__path__, p.__name__ + ".")]
names += ["ocrd.engine.worker", "ocrd.engine.process", "ocrd.engine.deepseek.engine"]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """One thread, as on a core of one's own; no GPU even where there is one."""
    inherited = {key: value for key, value in os.environ.items() if key != "OUT"}
    return inherited | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(ROOT)}


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.gpu", "--tiny", *options]


def test_nothing_is_imported_that_a_bare_machine_lacks(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 15


def test_each_stage_gives_a_line_and_all_figures_are_written(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    done = subprocess.run(
        command(), env=environment | {"OUT": str(tmp_path)}, cwd=ROOT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    known = {line.name: line for line in lines.read(tmp_path / lines.FILE)}
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()] == NAMES == [*known]
    assert {line.status for line in known.values() if line.name != stages.SUITE} == {"ok"}
    assert known["ceilings"].notes["copy_gb_s"] > 0
    exact = [row["relative_difference"] for row in known["attention"].rows if "us" in row]
    assert exact and max(exact) < 1e-5
    needs = [row for row in known["attention"].rows if row.get("fault") == "needs CUDA"]
    assert {row["backend"] for row in needs} >= {"cudnn", decide.FLASH}
    assert all(row["step_ms"] > 0 and row["experts_hit"] > 1 for row in known["steps"].rows)
    compared = {(row["experts"], row["slots"]) for row in known["steps"].rows}
    assert compared >= {("dense", 1), ("gathered", 1), ("gathered", 2), ("grouped_mm", 1)}
    assert {row["what"] for row in known["encoding"].rows} == {"encode", "prefill"}
    alone, together = known["texts"].rows
    assert alone["mean_running"] == 1 < together["mean_running"]
    assert [row["pages"] for row in known["reading"].rows] == [2, 3, 3]
    gathered = [row for row in known["trace"].rows if "gathered" in row.get("what", "")]
    assert len(gathered) == 1 and "index" in gathered[0]["most_copied_by"]
    assert known["trace"].notes["busy"] > 0 and (tmp_path / "trace.json.gz").stat().st_size > 2000
    # Decoded together in slots they say what generate says to each alone.
    agreed = known["alone"].notes
    assert agreed["tokens_agreed"] == agreed["of_tokens"] == [4, 4]
    tests = known[stages.SUITE]
    # Some of them show on a processor what they can; on a busy one they may be cut short.
    assert tests.status in {"ok", "shortened"}, tests.why
    if tests.status == "ok":
        assert tests.notes["failed"] == 0 < tests.notes["passed"]
        needs = [row for row in tests.rows if "CUDA" in row["why"]]
        assert tests.notes["skipped"] >= len(needs) > 10
    said = (tmp_path / report.FILE).read_text(encoding="utf-8")
    assert all(f"#### {stage.number}: {stage.tells}" in said for stage in STAGES)
    assert report.NOTHING in said and f"| 8 suite | {tests.status} |" in said


# Whatever becomes of a stage, the others have theirs

SABOTEUR = """
import os, sys, time
from benchmarks.gpu import attention, bench, ceilings, encoding, texts
def fail(place):
    place.note(half=0.5)
    raise ValueError("not today")
def die(place):
    place.row(what="half")
    os.kill(os.getpid(), 11)
def hang(place):
    print("hanging")  # to standard output, which is not for that
    sys.stdout.flush()
    time.sleep(600)
def fine(place):
    place.note(pid=os.getpid(), known=[*place.known], left=place.left())
attention.measure, encoding.measure, texts.measure = fail, die, hang
ceilings.measure = fine
def no_network(self): pass
from benchmarks.gpu.workplace import Workplace
Workplace.load_network = no_network
sys.exit(bench.main())
"""


def course(
    folder: Path, environment: dict[str, str], chosen: list[Stage], seconds: float = 120.0
) -> list[Line]:
    own = attendant.command(folder, tiny=True)
    own[1:3] = ["-c", SABOTEUR]
    bench = Attendant(own, folder, environment)
    written = Lines(folder, StringIO())

    def no_tests(line: Line, _seconds: float) -> None:
        line.status = "ok"

    try:
        Course(bench, no_tests, written, time.monotonic() + seconds, True).run(chosen)
    finally:
        bench.end()
        written.close()
    assert lines.read(folder / lines.FILE) == written.all
    return written.all


def stage(name: str, seconds: float) -> Stage:
    return Stage(stages.named(name).number, name, seconds, 1.0, "", needs_network=False)


def test_a_stage_that_fails_dies_or_hangs_costs_itself(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.gpu.course.GRACE", 0.5)
    names = ["ceilings", "attention", "ceilings", "encoding", "ceilings", "texts", "ceilings"]
    monkeypatch.setattr("benchmarks.gpu.course.LOADING", 60.0)
    found = course(tmp_path, environment, [stage(name, 2.0) for name in names])
    first, failed, same, died, second, hung, third = found
    assert [line.status for line in found] == ["ok", "failed"] * 3 + ["ok"]
    assert failed.why.startswith("ValueError: not today") and failed.notes == {"half": 0.5}
    assert "SIGSEGV" in died.why and died.rows == [{"what": "half"}]
    assert "without an answer" in hung.why and 2.0 <= hung.seconds < 10.0
    # One that merely fails keeps its process; the others get a new one.
    assert first.notes["pid"] == same.notes["pid"] != second.notes["pid"] != third.notes["pid"]
    assert third.notes["known"] == ["ceilings", "attention", "encoding", "texts"]
    assert "hanging" in (tmp_path / attendant.LOG).read_text()


def test_when_time_is_short_later_stages_are_skipped_and_say_so(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    started = time.monotonic()
    done = subprocess.run(
        command("--seconds", "12", "--folder", str(tmp_path)), env=environment, cwd=ROOT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert time.monotonic() - started < 12 + 8, "it ends when it says"
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["name"] for line in found] == NAMES
    late = found[-2]
    assert late["status"] in {"skipped", "failed"} and late["why"]
    assert any(line["status"] == "skipped" and "left for it" in line["why"] for line in found)
    assert (tmp_path / report.FILE).is_file()


def test_a_stage_is_given_no_more_than_is_left(tmp_path: Path, environment: dict[str, str]) -> None:
    (line,) = course(tmp_path, environment, [stage("ceilings", 40.0)], seconds=30.0)
    assert line.status == "ok" and line.limit <= 30.0
    assert line.notes["left"] < 0.9 * 30.0


# The tests as a stage


def suite_of(folder: Path, source: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> Line:
    (folder / "test_made.py").write_text(source)
    made = [str(folder / "test_made.py")]
    monkeypatch.setattr(suite, "command", partial(suite.command, tests=made))
    line = Line(8, stages.SUITE)
    suite.run(line, seconds, folder, os.environ)
    return line


def test_a_failing_test_is_named_and_the_others_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "def test_good(): pass\ndef test_bad(): assert 1 == 2, 'they differ'\n"
    line = suite_of(tmp_path, source, 60.0, monkeypatch)
    assert (line.status, line.why) == ("failed", "failed: test_bad")
    assert line.notes == {"passed": 1, "failed": 1, "skipped": 0}
    assert "they differ" in line.rows[1]["why"]


def test_tests_that_take_too_long_are_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "import time\ndef test_long(): time.sleep(600)\n"
    line = suite_of(tmp_path, source, 3.0, monkeypatch)
    assert line.status == "shortened" and line.seconds < 8.0


def test_tests_that_cannot_be_collected_are_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = suite_of(tmp_path, "import no_such_module\n", 60.0, monkeypatch)
    assert line.status == "failed" and "test_made" in line.why


# A Transformers that was carried there


@pytest.mark.parametrize(("installed", "paths"), [("5.17.0", 2), ("5.23.0", 1), ("5.24.1", 1)])
def test_a_carried_wheel_is_used_where_the_installed_one_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: str, paths: int
) -> None:
    wheel = tmp_path / "carried" / "transformers-5.23.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("transformers/__init__.py", "__version__ = '5.23.0'\n")
    monkeypatch.setattr("importlib.metadata.version", lambda _name: installed)
    found = carried.environment({"A": "b"}, tmp_path / "unpacked", tmp_path / "carried")
    assert found["A"] == "b" and len(found["PYTHONPATH"].split(os.pathsep)) == paths
    told = subprocess.run(
        [sys.executable, "-c", "import transformers; print(transformers.__file__)"],
        env=os.environ | {"PYTHONPATH": found["PYTHONPATH"]}, capture_output=True, text=True,
    )  # fmt: skip
    assert (str(tmp_path) in told.stdout) == (paths == 2)


# What follows from figures


def measured(**changed: Any) -> list[Line]:
    """Return what a GPU might say, with some figures changed: ``stage__key`` of a row or note."""
    shape = {"slots": 64, "length": 2048}
    good = {"relative_difference": 0.004}
    found = [
        Line(0, "ceilings", "ok", notes={"device": "A card", "torch": "2.11"}),
        Line(1, "attention", "ok", rows=[
            {**shape, **good, "backend": "as torch chooses", "us": 90.0, "chosen": "cudnn"},
            {**shape, **good, "backend": "efficient", "us": 120.0},
            {**shape, "backend": "math", "fault": "RuntimeError: out of memory"},
            {**shape, **good, "backend": decide.FLASH, "us": 50.0},
        ]),
        Line(2, "steps", "ok", rows=[
            {**shape, "experts": "auto", "code": "graph", "step_ms": 5.0, "of_copy_rate": 0.5},
            {**shape, "slots": 1, "experts": "auto", "code": "graph", "step_ms": 2.0},
            {**shape, "slots": 1, "experts": "dense", "code": "graph", "step_ms": 2.0},
            {**shape, "slots": 1, "experts": "gathered", "code": "graph", "step_ms": 1.5},
            {**shape, "slots": 1, "experts": "grouped_mm", "code": "graph", "step_ms": 1.4},
            {**shape, "slots": 2, "experts": "dense", "code": "graph", "step_ms": 1.4},
            {**shape, "slots": 2, "experts": "gathered", "code": "graph", "step_ms": 1.6},
            {**shape, "slots": 4, "experts": "dense", "code": "graph", "step_ms": 2.0},
            {**shape, "slots": 4, "experts": "gathered", "code": "graph", "step_ms": 2.5},
            {**shape, "slots": 4, "experts": "grouped_mm", "code": "graph", "step_ms": 1.1},
        ]),
        Line(3, "encoding", "ok", rows=[
            {"what": "encode", "pages": 1, "tiles": 6, "device_ms": 30.0, "host_ms": 29.0},
            {"what": "encode", "pages": 1, "tiles": 0, "device_ms": 9.0, "host_ms": 9.0},
        ]),
        Line(4, "texts", "ok", rows=[{"texts": "at once", "tokens_s": 7000.0, "mean_running": 88}]),
        Line(5, "reading", "ok", rows=[
            {"pass": "first", "pages_s": 1.0, "threads": 12, "busy_at_most": 0.7},
            {"pass": "4 threads", "pages_s": 6.0, "threads": 4, "busy_at_most": 0.9},
            {"pass": "12 threads", "pages_s": 6.1, "threads": 12, "busy_at_most": 0.95},
        ]),
        Line(6, "trace", "ok", rows=[
            {"what": "encode, one page", "kernel_ms": 12.0},
            {"what": "decode, 64 slots of 2048", "small_kernels": 600},
        ], notes={"busy": 0.8, "gaps_over_50_us": 30, "gaps_ms": 40.0}),
        Line(7, "alone", "ok", notes={"page_s": 5.0}),
        Line(8, "suite", "ok", notes={"passed": 18, "failed": 0, "skipped": 1}),
    ]  # fmt: skip
    for path, value in changed.items():
        name, key = path.split("__")
        line = next(line for line in found if line.name == name)
        places = [row for row in line.rows if key in row] or [line.notes]
        places[-1 if name in {"attention", "reading"} else 0][key] = value
    return found


def follows(question: str, **changed: Any) -> str:
    found = {one.question: one for one in decide.outcomes(measured(**changed))}
    return next(one.follows for name, one in found.items() if question in name)


@pytest.mark.parametrize(
    ("question", "changed", "word"),
    [
        ("FlashAttention", {}, "rightly"),  # 90 over 50
        ("FlashAttention", {"attention__us": 95.0}, "sdpa"),
        ("FlashAttention", {"attention__relative_difference": 0.5}, "wrong"),
        ("package", {}, ""),  # it is not installed
        ("FlashAttention", {"attention__relative_difference": "nan"}, "wrong"),
        ("right?", {}, "all agree"),
        ("right?", {"attention__relative_difference": "nan"}, "wrong: flash"),
        ("torch choose", {}, "no shape"),
        ("torch choose", {"attention__chosen": "math"}, "first"),
        ("decode step", {}, "between"),
        ("decode step", {"steps__step_ms": 4.0}, "leave decoding"),
        ("decode step", {"steps__step_ms": 9.0}, "fewer kernels"),  # 1.08 ms against 1.2
        ("decode step", {"steps__step_ms": 9.0, "trace__small_kernels": 100}, "attention first"),
        ("experts for one", {}, "gathered, as the engine has it"),  # 1.4 is not worth a code
        ("experts for two", {}, "dense is faster"),
        ("experts for four", {}, "product of groups"),
        ("recorded", {}, "are used"),
        ("recorded", {"steps__notices": "CUDA graphs are not used: x"}, "correctness first"),
        ("host hold", {}, "graphs for images"),  # 29 ms against 12 of kernels
        ("on the device", {}, "SAM"),
        ("on the device", {"encoding__device_ms": 15.0}, "as computed"),
        ("texts", {}, "half of what"),
        ("texts", {"texts__tokens_s": 5000.0}, "less than half"),
        ("busy", {}, "look at the trace"),
        ("busy", {"trace__busy": None}, "kept busy"),  # 0.95 by the rounds' ends
        ("threads", {}, "the device"),
        ("threads", {"reading__pages_s": 8.0}, "preparing"),
        ("generate", {}, "met"),  # 6.1 pages/s against one in five seconds
        ("generate", {"alone__page_s": 2.0}, "missed"),
        ("tests/gpu", {}, "as on the processor"),
        ("tests/gpu", {"suite__failed": 1}, "correctness first"),
    ],
)
def test_the_figures_decide(question: str, changed: dict[str, Any], word: str) -> None:
    assert word in follows(question, **changed)


@pytest.mark.parametrize(
    ("experts", "used", "figure"),
    [
        ("grouped_mm", "recorded steps are used", "dense 2.0 ms, gathered 2.5 ms"),
        ("gathered", "correctness first: no tuning before this is understood", decide.MISSING),
    ],
)
def test_a_product_of_groups_that_no_graph_holds_is_no_fault_of_the_engine(
    experts: str, used: str, figure: str
) -> None:
    found = measured()
    row = next(r for r in found[2].rows if r["slots"] == 4 and r["experts"] == experts)
    row |= {"code": "plain, not recorded", "notices": "CUDA graphs are not used: x"}
    known = {one.question: one for one in decide.outcomes(found)}
    assert known["are recorded steps used?"].follows == used
    assert known["experts for four slots"].figure == figure


@pytest.mark.parametrize(
    ("us", "difference", "word"),
    [(40.0, 0.004, "worth"), (49.0, 0.004, "nothing"), (40.0, 0.5, "wrong")],
)
def test_the_package_is_asked_for_only_where_it_wins(
    us: float, difference: float, word: str
) -> None:
    found = measured()
    row = {"slots": 64, "length": 2048, "backend": decide.PACKAGE, "us": us}
    found[1].rows.append({**row, "relative_difference": difference})
    known = {one.question: one for one in decide.outcomes(found)}
    assert word in known["the package flash-attn"].follows


def test_a_figure_that_is_missing_decides_nothing() -> None:
    for missing in NAMES:
        found = decide.outcomes([line for line in measured() if line.name != missing])
        assert len(found) == len(decide.RULES)
    assert all(one.figure == decide.MISSING for one in decide.outcomes([]))


def test_the_report_of_a_gpu_names_it_and_ends_with_what_follows() -> None:
    said = report.written(measured(), "2026-12-01")
    assert said.startswith("### On A card, 2026-12-01\n") and "torch 2.11" in said
    assert "RuntimeError: out of memory" in said
    last = said.split("#### What follows")[1]
    assert "| 8 | tests/gpu | 18 passed, 0 failed, 1 skipped | as on the processor |" in last


# Arithmetic


def test_the_bytes_of_a_step_are_those_of_the_network() -> None:
    from benchmarks.gpu.network import full_size
    from benchmarks.gpu.traffic import traffic_of

    traffic = traffic_of(full_size("meta"))
    assert (round(traffic.always / 1e7), round(traffic.experts / 1e7)) == (69, 484)
    assert traffic.token == 61_440
    assert [round(traffic.experts_hit(n)) for n in (1, 16, 64)] == [6, 51, 64]
    assert traffic.step(1, 1530) == pytest.approx(1.242e9, rel=0.01)


@pytest.mark.parametrize("count", [1, 4, 16, 64, 128])
def test_staggered_lengths_have_the_same_mean_however_many_they_are(count: int) -> None:
    from benchmarks.gpu.steps import lengths_of

    found = lengths_of(count, 1270, 1790)
    assert len(set(found)) > count * 0.8
    assert sum(found) / count == pytest.approx(1530, rel=0.03)


def test_gaps_and_busy_time_come_from_overlapping_kernels() -> None:
    from benchmarks.gpu.trace import Kernel, idle_of

    kernels = [Kernel("c", 50.0, 10.0), Kernel("a", 0.0, 10.0), Kernel("b", 5.0, 15.0)]
    assert idle_of(kernels) == (30.0, 60.0, [30.0])
    assert idle_of([]) == (0.0, 0.0, [])


def test_the_median_gap_is_that_of_tokens_and_not_of_rounds() -> None:
    from benchmarks.gpu.texts import weighted_median

    assert weighted_median([(1.0, 1), (1.0, 1), (4.0, 100)]) == 4.0


def test_what_nvidia_smi_prints_last_may_be_half_a_line() -> None:
    from benchmarks.gpu.rounds import means_of

    assert means_of("80, 500.0, 1980\n90, 600.0, 1980\n9") == {
        "smi_utilization_pct": 85.0, "smi_power_w": 550.0, "smi_clock_mhz": 1980.0,
    }  # fmt: skip
    assert means_of("[N/A], [N/A], 5\n") == {}


def test_pages_and_prompts_are_all_different() -> None:
    from benchmarks.gpu import noise

    seen: set[Any] = {noise.page(seed, 200, 300).tobytes() for seed in range(8)}
    assert len(seen) == 8
    assert len({tuple(noise.prompt(seed, 3)) for seed in range(128)}) == 128


def _timed(run: Callable[[], object], left: float, repeats: int) -> int:
    import torch

    from benchmarks.gpu import timing

    return timing.timed(
        run, torch.device("cpu"), repeats=repeats, warm_up=1, left=lambda: left
    ).calls  # fmt: skip


def test_a_slow_call_is_timed_three_times_and_a_quick_one_as_often_as_wanted() -> None:
    assert _timed(lambda: time.sleep(0.02), 0.01, 30) == 3
    assert _timed(lambda: None, 1.0, 30) == 30

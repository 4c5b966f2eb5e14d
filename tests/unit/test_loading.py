"""Why a library cannot be loaded: what is read here is what libraries, loaders and kernels say."""

from __future__ import annotations

import pytest

from ocrd import loading

REMEDY = "Install it."
NUMPY = (
    "NumPy was built with baseline optimizations: (X86_V2)"
    " but your machine doesn't support: (X86_V2)."
)
# Of /proc/cpuinfo in a virtual machine with QEMU's own processor, and with what it lacks.
QEMU64 = """\
processor	: 0
model name	: QEMU Virtual CPU version 2.5+
flags		: fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr \
sse sse2 syscall nx lm rep_good nopl cpuid extd_apicid pni cx16 hypervisor lahf_lm svm 3dnowprefetch
bugs		: fxsave_leak sysret_ss_attrs
"""
NEHALEM = QEMU64.replace(" pni ", " pni ssse3 sse4_1 sse4_2 popcnt ")
# What faulthandler left when numpy was imported under qemu-x86_64 -cpu qemu64.
CRASH = """\
Loading the engine.
Fatal Python error: Illegal instruction

Thread 0x00000040030c5741 (most recent call first):
  File "/opt/ocrd/lib/python3.11/site-packages/watchdog/observers/api.py", line 7 in run

Current thread 0x00000040030c5740 (most recent call first):
  File "<frozen importlib._bootstrap>", line 241 in _call_with_frames_removed
  File "<frozen importlib._bootstrap_external>", line 1233 in create_module
  File "/opt/ocrd/lib/python3.11/site-packages/numpy/_core/multiarray.py", line 11 in <module>
  File "/opt/ocrd/lib/python3.11/site-packages/cv2/__init__.py", line 5 in <module>
"""


@pytest.mark.parametrize(
    ("error", "what", "hint"),
    [
        (RuntimeError(NUMPY), "this processor lacks what numpy is built with", "x86-64-v2"),
        (ImportError(NUMPY), "this processor lacks what numpy is built with", "x86-64-v2"),
        (
            ImportError("libGL.so.1: cannot open shared object file: No such file or directory"),
            "the shared library libGL.so.1 is missing on this system",
            "apt-file search libGL.so.1",
        ),
        (
            ImportError(
                "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required…"
            ),
            "this system's libraries are too old: there is no GLIBC_2.38",
            "Use a newer release of the system",
        ),
        (
            ModuleNotFoundError("No module named 'torch'"),
            "the Python package torch is not installed",
            REMEDY,
        ),
        (
            ImportError("cannot import name 'Gone' from 'transformers'"),
            "a library cannot be imported (cannot import name 'Gone' from 'transformers')",
            REMEDY,
        ),
    ],
)
def test_what_keeps_a_library_from_being_loaded_is_named(
    error: Exception, what: str, hint: str
) -> None:
    obstacle = loading.of_import(error, REMEDY)
    assert obstacle is not None
    assert what in obstacle.what
    assert hint in obstacle.hint


@pytest.mark.parametrize("error", [RuntimeError("no"), ValueError("no"), OSError("no")])
def test_what_is_no_matter_of_loading_is_left_alone(error: Exception) -> None:
    assert loading.of_import(error, REMEDY) is None


def test_the_instructions_that_a_processor_lacks_are_named() -> None:
    assert loading.missing_instructions(QEMU64) == ("POPCNT", "SSSE3", "SSE4.1", "SSE4.2")
    assert loading.missing_instructions(NEHALEM) == ()


@pytest.mark.parametrize("cpuinfo", ["", "Features\t: fp asimd evtstrm aes\n"])
def test_of_a_processor_of_another_kind_nothing_is_said(cpuinfo: str) -> None:
    assert loading.missing_instructions(cpuinfo) == ()


def test_the_package_in_which_a_process_crashed_is_that_of_the_crashing_thread() -> None:
    assert loading.crash_site(CRASH) == "numpy"
    assert loading.crash_site(CRASH.replace("numpy/_core/multiarray.py", "numpy.py")) == "numpy"
    assert loading.before_crash(CRASH) == "Loading the engine.\n"


@pytest.mark.parametrize("said", ["", "Killed", "a page of /site-packages/numpy/ was read"])
def test_without_a_crash_there_is_no_place_of_it(said: str) -> None:
    assert loading.crash_site(said) == ""
    assert loading.before_crash(said) == said


def test_an_illegal_instruction_while_loading_is_the_processors() -> None:
    obstacle = loading.of_illegal_instruction(CRASH, is_loading=True)
    assert obstacle.what.startswith(
        "SIGILL: this processor lacks instructions that numpy is built with"
    )
    assert "host-passthrough" in obstacle.hint


def test_an_illegal_instruction_on_a_page_may_be_the_pages() -> None:
    obstacle = loading.of_illegal_instruction(CRASH, is_loading=False)
    assert obstacle.what.endswith("an instruction that it lacks, in numpy")
    assert obstacle.hint.startswith("If that is so on this machine with every document")

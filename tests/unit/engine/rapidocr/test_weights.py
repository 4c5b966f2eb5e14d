"""Which network reads the lines."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnxruntime
import pytest

from ocrd.engine.rapidocr import weights
from ocrd.errors import EngineError

ZEN_4 = "flags\t\t: fpu avx2 avx512f avx512_vnni avx512_bf16\n"
ALDER_LAKE = "flags\t\t: fpu avx2 avx_vnni serialize\n"
ZEN_3 = "flags\t\t: fpu avx2 vaes\n"
ARM = "Features\t: fp asimd asimddp\n"


@pytest.mark.parametrize(
    ("cores", "expected"),
    [
        ([ZEN_4, ZEN_4], True),
        ([ALDER_LAKE], True),
        ([ZEN_3, ZEN_3], False),
        ([ZEN_4, ZEN_3], False),
        ([ARM], False),
        ([], False),
    ],
)
def test_bytes_are_multiplied_where_every_core_says_so(
    tmp_path: Path, cores: list[str], expected: bool
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("".join(f"processor\t: {n}\n{core}\n" for n, core in enumerate(cores)))
    assert weights.multiplies_bytes(cpuinfo) is expected
    assert (weights.for_lines(cpuinfo=cpuinfo) == weights.EIGHT_BIT) is expected
    assert weights.for_lines("float32", cpuinfo) == weights.of("rec")


def test_where_nobody_tells_about_the_processor_the_32_bit_network_reads(tmp_path: Path) -> None:
    assert weights.for_lines(cpuinfo=tmp_path / "cpuinfo") == weights.of("rec")


def test_a_missing_network_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(ZEN_4)
    monkeypatch.setattr(weights, "EIGHT_BIT", tmp_path / "gone.onnx")
    with pytest.raises(EngineError, match=r"gone\.onnx is missing") as failure:
        weights.for_lines(cpuinfo=tmp_path / "cpuinfo")
    assert 'dtype = "float32"' in (failure.value.hint or "")


def test_a_missing_last_layer_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "ALL", tmp_path / "gone.onnx")
    with pytest.raises(EngineError, match=r"gone\.onnx is missing") as failure:
        weights.heads()
    assert "Install ocrd again" in (failure.value.hint or "")


def test_our_networks_were_made_from_the_one_in_the_wheel() -> None:
    """If not: ``python -m benchmarks.quality.quantise``, then ``make quality``."""
    digest = hashlib.sha256(weights.of("rec").read_bytes()).hexdigest()
    for path in (weights.EIGHT_BIT, *weights.heads()):
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        notes = session.get_modelmeta().custom_metadata_map
        assert notes["source_sha256"] == digest
        assert "Apache-2.0" in notes["notice"]


def test_the_last_layer_knows_the_characters_of_the_wheels_network() -> None:
    every, wheel = (
        onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        .get_modelmeta()
        .custom_metadata_map["character"]
        for path in (weights.ALL, weights.of("rec"))
    )
    assert every.split("\n")[1:-1] == wheel.splitlines()

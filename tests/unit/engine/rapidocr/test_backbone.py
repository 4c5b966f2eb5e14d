"""The network without its last layer, cut from the wheel's file."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from ocrd.engine.rapidocr import backbone, networks, weights
from ocrd.engine.rapidocr.backbone import _number, _written
from ocrd.errors import EngineError


def session(model: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def node(kind: str, inputs: tuple[str, ...], output: str) -> bytes:
    named = b"".join(_written(1, name.encode()) for name in inputs)
    return _written(1, named + _written(2, output.encode()) + _written(4, kind.encode()))


def model(*nodes: bytes) -> bytes:
    return _written(7, b"".join(nodes) + _written(12, _written(1, b"end")))


def test_its_last_layer_is_ours_to_add() -> None:
    """What both together say is what the whole network says."""
    whole = weights.of("rec").read_bytes()
    line = np.random.default_rng(5).uniform(-1, 1, (1, 3, 48, 320)).astype(np.float32)
    (expected,) = session(whole).run(None, {"x": line})
    (features,) = session(backbone.without_head(whole)).run(None, {"x": line})
    assert features.shape == (1, 40, 120)
    head = networks._head(weights.ALL, 1)
    probabilities, evidence = head.run(features[0])
    assert probabilities.argmax(axis=1).tolist() == expected[0].argmax(axis=1).tolist()
    # Its weights have 8 bits.
    assert np.abs(probabilities - expected[0]).max() < 0.05
    assert evidence.shape == (40,)


def test_it_is_smaller_by_the_weights_of_the_layer() -> None:
    whole = weights.of("rec").read_bytes()
    saved = len(whole) - len(backbone.without_head(whole))
    assert saved == pytest.approx(4 * 121 * 18_710, rel=0.001)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no ONNX file"),
        (b"%PDF-1.7", "no ONNX file"),
        (weights.of("rec").read_bytes()[:1000], "no ONNX file"),
        (model(node("Conv", ("x", "w"), "end")), "ends in Conv"),
        (model(node("Softmax", ("logits",), "end")), "ends in no such layer"),
    ],
    ids=["empty", "another file", "cut off", "another network", "torn"],
)
def test_what_is_no_such_network_is_said(content: bytes, why: str) -> None:
    with pytest.raises(EngineError, match=why) as failure:
        backbone.without_head(content)
    assert "Install ocrd again" in (failure.value.hint or "")


@pytest.mark.parametrize(("value", "written"), [(0, b"\x00"), (127, b"\x7f"), (300, b"\xac\x02")])
def test_numbers_are_written_as_protocol_buffers_have_them(value: int, written: bytes) -> None:
    assert _number(value) == written
    assert backbone._varint(written, 0) == (value, len(written))

"""Make the network that reads lines in 8-bit numbers, and its last layers, from RapidOCR's wheel.

``python -m benchmarks.quality.quantise`` shows the network some lines of the page set (none of the
held-out pages), chooses for each tensor the range of values that loses least, and writes
``ocrd/engine/rapidocr/models``; ``--out`` names another folder, ``--heads`` writes the last layers
alone, and with ``--seven`` weights have seven bits, whose sums overflow on no processor. It needs
the extra ``quantise`` (``packaging/bootstrap.sh quantise``) and takes some three minutes.
``python -m benchmarks.quality.widths`` compares the result with the 32-bit network.

8-bit are the convolutions that see the line as an image, weights for each output channel apart.
What comes behind them, a sequence of one row, stays as it is: it is little work, and in 8 bits it
lost words. The last layer is a file of its own, twice: for the characters of European print, and
for all (see ``ocrd/engine/rapidocr/heads.py``). Only its weights have 8 bits, for each character
apart, which makes the files small.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType
from onnxruntime.quantization.calibrate import CalibrationMethod, TensorsData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

from benchmarks.quality.documents import pages
from benchmarks.quality.images import scans
from ocrd.engine.rapidocr import backbone, strips, weights
from ocrd.engine.rapidocr import engine as rapidocr
from ocrd.engine.rapidocr.recognition import shown

Reals = NDArray[np.float32]
Range = tuple[float, float]

IR = 9  # ONNX's version of files
OPSET = 20  # the first with Gelu, which keeps onnxruntime from turning the layout around it
LINES_A_PAGE = 6
BINS = 4096
STEPS = 255  # between the least and the greatest of 256 values
FAR_EASTERN = "\u2e80"  # from here on characters are of Chinese, Japanese, Korean, and pictures
IMAGE = "x"  # the network's input, from -1 to 1
_NOTICE = "PP-OCRv6_rec_small.onnx by the PaddleOCR authors (Apache-2.0), changed: 8-bit numbers."
# Fusions after which onnxruntime's quantiser no longer knows a convolution or product as such.
_LATER = ["ConvActivationFusion", "MatmulTransposeFusion"]


@dataclass(slots=True)
class Values:
    """How often each value of a tensor was seen, in ``BINS`` bins from ``low`` to ``high``."""

    low: float
    high: float
    counts: NDArray[np.float64]

    def add(self, tensor: Reals) -> None:
        """Count the tensor's values."""
        bins = ((tensor - self.low) * (BINS / (self.high - self.low))).astype(np.int64)
        self.counts += np.bincount(np.clip(bins, 0, BINS - 1).ravel(), minlength=BINS)

    def best_range(self) -> Range:
        """Return the range that loses least, as squared error, when cut off and rounded to it."""
        lowest, highest = min(self.low, 0.0), max(self.high, 0.0)
        shares = np.linspace(0.1, 1, 46).tolist()
        low, high = lowest, highest
        for _ in range(3):  # one end after the other; it is settled by then
            high = min((highest * share for share in shares), key=partial(self._loss, low))
            low = min((lowest * share for share in shares), key=partial(self._loss, high=high))
        return low, high

    def _loss(self, low: float, high: float) -> float:
        step = (high - low) / STEPS or 1.0
        values = self.low + (np.arange(BINS) + 0.5) * ((self.high - self.low) / BINS)
        zero = round(-low / step)
        rounded = np.clip(np.round(values / step) + zero, 0, STEPS) - zero
        return float((self.counts * (rounded * step - values) ** 2).sum())


def main() -> None:
    """Write the network."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality.quantise", description=__doc__)
    parser.add_argument("--out", type=Path, default=weights.EIGHT_BIT.parent)
    parser.add_argument("--heads", action="store_true")
    parser.add_argument("--seven", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    source = weights.of("rec")
    write_heads(onnx.load(source), options.out)
    if options.heads:
        return
    model = prepared(source)
    lines = sample()
    nodes, tensors = parts(model, lines[0])
    seen = observed(model, sorted(tensors), lines)
    print(f"{len(lines)} lines, {len(nodes)} layers, {len(seen)} tensors")
    ranges = {name: values.best_range() for name, values in seen.items()} | {IMAGE: (-1.0, 1.0)}
    result = quantised(model, nodes, ranges, seven=options.seven)
    _save(result, options.out / weights.EIGHT_BIT.name)


def write_heads(source: Any, folder: Path) -> None:
    """Write the last layer for the characters of European print, and for all."""
    characters = ["blank", *_notes(source)["character"].splitlines(), " "]
    fixed = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in source.graph.initializer}
    matrix = next(one for one in fixed.values() if one.shape[1:] == (len(characters),))
    bias = next(one for one in fixed.values() if one.shape == (len(characters),))
    european = [place for place, one in enumerate(characters) if place == 0 or one[0] < FAR_EASTERN]
    for path, places in ((weights.FEW, european), (weights.ALL, range(len(characters)))):
        columns = list(places)
        head = _head(matrix[:, columns], bias[columns])
        for key, value in {
            "character": "\n".join(characters[place] for place in columns),
            "columns": " ".join(map(str, columns)),
        }.items():
            head.metadata_props.add(key=key, value=value)
        _save(head, folder / path.name)


def _head(matrix: Reals, bias: Reals) -> Any:
    """Return a last layer, its weights in 8 bits."""
    node, info, real = (
        onnx.helper.make_node,
        onnx.helper.make_tensor_value_info,
        onnx.TensorProto.FLOAT,
    )
    steps = (np.abs(matrix).max(axis=0) / 127).astype(np.float32)
    fixed = {
        "weights": np.round(matrix / steps).astype(np.int8),
        "steps": steps,
        "bias": bias,
        "last": np.array([-1]),
    }
    graph = onnx.helper.make_graph(
        [
            node("DequantizeLinear", ["weights", "steps"], ["matrix"], axis=1),
            node("MatMul", ["features", "matrix"], ["products"]),
            node("Add", ["products", "bias"], ["logits"]),
            node("Softmax", ["logits"], ["probabilities"], axis=-1),
            node("ReduceMax", ["logits", "last"], ["evidence"], keepdims=0),
        ],
        "last layer",
        [info("features", real, ["column", matrix.shape[0]])],
        [
            info("probabilities", real, ["column", matrix.shape[1]]),
            info("evidence", real, ["column"]),
        ],
        [onnx.numpy_helper.from_array(value, name) for name, value in fixed.items()],
    )
    opset = onnx.helper.make_opsetid("", OPSET)
    return onnx.helper.make_model(graph, opset_imports=[opset], ir_version=IR)


def _save(model: Any, path: Path) -> None:
    """Write the network with its origin and the notice of its licence."""
    digest = hashlib.sha256(weights.of("rec").read_bytes()).hexdigest()
    for key, value in {"source_sha256": digest, "notice": _NOTICE}.items():
        model.metadata_props.add(key=key, value=value)
    model.doc_string = _NOTICE
    onnx.save(model, path)
    print(f"{path}: {path.stat().st_size:,} bytes")


def _notes(model: Any) -> dict[str, str]:
    return {item.key: item.value for item in model.metadata_props}


def sample() -> list[Reals]:
    """Return lines of all clean and degraded pages, as the network is shown them."""
    engine = rapidocr.load({"slots": 1, "threads": "auto", "dtype": "float32"})
    lines = []
    for scan in scans(pages("pages"), ("clean", "degraded")):
        pixels = strips.load(str(scan.path))
        quads = engine.detect(pixels)
        chance = random.Random(scan.id)
        for quad in chance.sample(quads, min(LINES_A_PAGE, len(quads))):
            lines.append(shown(strips.strip(pixels, quad)))
    return lines


def prepared(source: Path) -> Any:
    """Return the network with what belongs together fused, as onnxruntime would do on loading."""
    with tempfile.TemporaryDirectory() as folder:
        newer, fused = Path(folder, "newer.onnx"), Path(folder, "fused.onnx")
        headless = onnx.load_from_string(backbone.without_head(source.read_bytes()))
        onnx.save(onnx.version_converter.convert_version(headless, OPSET), newer)
        options = onnxruntime.SessionOptions()
        extended = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.graph_optimization_level = extended
        options.optimized_model_filepath = str(fused)
        _session(str(newer), options, disabled_optimizers=_LATER)
        model = onnx.load(fused)
    for node in model.graph.node:
        node.name = node.name or f"{node.op_type}_{node.output[0]}"
        if node.op_type == "Gelu":
            node.domain = ""  # the standard's own, in place of onnxruntime's
    return model


def parts(model: Any, line: Reals) -> tuple[list[str], set[str]]:
    """Return the names of the layers to quantise, and of the tensors that they take and give."""
    fixed = {tensor.name for tensor in model.graph.initializer}
    passed = {
        name: tensor
        for name, tensor in _tensors(model, _all_tensors(model, fixed), [line])
        if tensor.dtype == np.float32
    }
    nodes = [
        node
        for node in model.graph.node
        if node.op_type in {"Conv", "Relu", "MaxPool", "Concat"}
        and node.output[0] in passed
        and passed[node.output[0]].ndim == 4
        and passed[node.output[0]].shape[2] > 1
    ]
    around = {name for node in nodes for name in (*node.input, *node.output)}
    return [node.name for node in nodes], around & passed.keys()


def observed(model: Any, names: Sequence[str], lines: Sequence[Reals]) -> dict[str, Values]:
    """Return the values of the tensors while the network reads the lines."""
    seen: dict[str, Values] = {}
    for name, tensor in _tensors(model, names, lines):
        low, high = float(tensor.min()), float(tensor.max())
        values = seen.setdefault(name, Values(low, high, np.zeros(BINS)))
        values.low, values.high = min(values.low, low), max(values.high, high)
    for name, tensor in _tensors(model, names, lines):
        seen[name].add(tensor)
    return seen


def quantised(model: Any, nodes: list[str], ranges: dict[str, Range], *, seven: bool) -> Any:
    """Return the network with those layers in 8 bits, or their weights in seven."""
    limits = {name: (np.float32(low), np.float32(high)) for name, (low, high) in ranges.items()}
    quantiser = QDQQuantizer(
        model,
        per_channel=True,
        reduce_range=seven,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=TensorsData(CalibrationMethod.MinMax, limits),
        nodes_to_quantize=nodes,
        nodes_to_exclude=[],
        op_types_to_quantize=["Conv", "Relu", "MaxPool", "Concat"],
        extra_options={},
    )
    quantiser.quantize_model()
    result = quantiser.model.model
    del result.metadata_props[:]
    return result


def _all_tensors(model: Any, fixed: set[str]) -> list[str]:
    """Return the names of what is computed anew for each line, but for the result."""
    result = {output.name for output in model.graph.output}
    every = {name for node in model.graph.node for name in node.output}
    return sorted(every - fixed - result - {""})


def _tensors(model: Any, names: Sequence[str], lines: Sequence[Reals]) -> Iterator[tuple[str, Any]]:
    """Yield each tensor by its name, line by line."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    # As they are: fused further, some of them would no longer be there.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = _session(watched.SerializeToString(), options)
    for line in lines:
        yield from zip(names, session.run(list(names), {IMAGE: line}), strict=True)


def _session(model: str | bytes, options: Any, **more: Any) -> Any:
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"], **more)


if __name__ == "__main__":
    main()

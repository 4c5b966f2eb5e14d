"""The two networks in memory, and what they raise.

Lines are found by RapidOCR's library with our settings, and read by onnxruntime itself, as the last
layer is ours. Each is named by its file, so that a missing one is an error instead of a download.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before onnxruntime is imported, whoever starts us

import numpy as np
import onnxruntime
import rapidocr
from onnxruntime.capi import onnxruntime_pybind11_state as raised

from ocrd.engine.rapidocr import backbone, weights
from ocrd.engine.rapidocr.finding import DETECTION_SIDE, MOST_BOXES
from ocrd.engine.rapidocr.heads import Head, Heads, Reals
from ocrd.engine.rapidocr.recognition import Recogniser
from ocrd.engine.rapidocr.spelling import Speller
from ocrd.engine.rapidocr.strips import Pixels

# Measured for ocrd on 117 pages with ground truth. The line classifier flips upright lines; with
# dilation boxes fuse across column gutters at this detection size.
_DETECTION = {
    "Global.use_rec": False,
    "Global.max_side_len": 4000,
    "Det.limit_type": "max",
    "Det.limit_side_len": DETECTION_SIDE,
    "Det.use_dilation": False,
    "Det.max_candidates": MOST_BOXES,
}


class _Detector(rapidocr.RapidOCR):  # type: ignore[misc]  # its types are not followed
    """RapidOCR that finds lines only, without cutting each of them out in vain."""

    def crop_text_regions(self, img: Pixels, det_boxes: Any) -> list[Pixels]:
        """Cut out nothing: we cut from the turned page, one line at a time."""
        return []


def detector(threads: int) -> Any:
    """Load the network that finds lines.

    Any: what the library returns depends on its flags, which its types do not express.
    """
    found: Any = _Detector(params=_parameters(_DETECTION, weights.of("det"), threads))
    found(np.full((64, 256, 3), 255, np.uint8))  # loads the model
    return found


def recogniser(model: Path, threads: int) -> Recogniser:
    """Load the network that reads lines; one line at a time is fastest on a processor."""
    wheels = model == weights.of("rec")
    network = _session(backbone.without_head(model.read_bytes()) if wheels else model, threads)
    heads = Heads(*(_head(path, threads) for path in weights.heads()))
    (taken,), (given,) = network.get_inputs(), network.get_outputs()

    def read(batch: Reals) -> tuple[Reals, Speller]:
        (features,) = network.run([given.name], {taken.name: batch})
        return heads.said(features[0])

    read(np.zeros((1, 3, 48, 160), np.float32))  # what is made at the first run is made now
    return Recogniser(read)


def _head(model: Path, threads: int) -> Head:
    session = _session(model, threads)
    notes = session.get_modelmeta().custom_metadata_map
    columns = np.array([int(place) for place in notes["columns"].split()], np.intp)
    run = partial(session.run, ["probabilities", "evidence"])
    return Head(
        lambda features: run({"features": features}), notes["character"].split("\n"), columns
    )


def _session(model: Path | bytes, threads: int) -> Any:
    """Load a network; Any: onnxruntime has no types."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False  # it gains nothing here, and holds the peak for ever
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _parameters(tuning: dict[str, Any], model: Path, threads: int) -> dict[str, Any]:
    """Return RapidOCR's parameters."""
    return {
        "Global.use_cls": False,
        "Global.log_level": "critical",
        "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "Det.model_path": str(model),
        **tuning,
    }


def failures() -> tuple[type[Exception], ...]:
    """Return what RapidOCR and onnxruntime raise when a network fails."""
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError

    return (
        ONNXRuntimeError,
        raised.Fail,
        raised.RuntimeException,
        raised.EPFail,
        raised.InvalidArgument,
        raised.NotImplemented,
    )

"""The two networks in memory: RapidOCR's library with our settings, and what it raises.

Each is named by its file, so that a missing one is an error instead of a download.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before onnxruntime is imported, whoever starts us

import numpy as np
import rapidocr

from ocrd.engine.rapidocr import weights
from ocrd.engine.rapidocr.finding import DETECTION_SIDE, MOST_BOXES
from ocrd.engine.rapidocr.recognition import Recogniser
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
_RECOGNITION = {"Global.use_det": False, "Global.use_preprocess_img": False}


class _Detector(rapidocr.RapidOCR):  # type: ignore[misc]  # its types are not followed
    """RapidOCR that finds lines only, without cutting each of them out in vain."""

    def crop_text_regions(self, img: Pixels, det_boxes: Any) -> list[Pixels]:
        """Cut out nothing: we cut from the turned page, one line at a time."""
        return []


def detector(threads: int) -> Any:
    """Load the network that finds lines.

    Any: what the library returns depends on its flags, which its types do not express.
    """
    found: Any = _Detector(params=_parameters(_DETECTION, "Det", weights.of("det"), threads))
    found(np.full((64, 256, 3), 255, np.uint8))  # loads the model
    return found


def recogniser(model: Path, threads: int) -> Recogniser:
    """Load the network that reads lines; one line at a time is fastest on a processor."""
    reader: Any = rapidocr.RapidOCR(params=_parameters(_RECOGNITION, "Rec", model, threads))
    reader(np.full((48, 160, 3), 255, np.uint8))  # loads the model
    return Recogniser(reader.text_rec.session, reader.text_rec.postprocess_op.character)


def _parameters(tuning: dict[str, Any], task: str, model: Path, threads: int) -> dict[str, Any]:
    """Return RapidOCR's parameters for one of its tasks."""
    return {
        "Global.use_cls": False,
        "Global.log_level": "critical",
        "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        f"{task}.model_path": str(model),
        **tuning,
    }


def failures() -> tuple[type[Exception], ...]:
    """Return what RapidOCR raises when onnxruntime fails."""
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError

    return (ONNXRuntimeError,)

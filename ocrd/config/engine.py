"""An engine's table of the configuration: what reads the pages.

Each key belongs to some kinds of engine; on another it is refused, so that nothing is set in vain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from ocrd.config.server import Server
from ocrd.config.types import AbsoluteFolder, Count, Duration, Table, refuse, refuse_all
from ocrd.config.unknown import as_far_as_known
from ocrd.tasks import MODELS

DEEPSEEK = tuple(MODELS)
REMOTE = ("openai", "mistral")  # on servers
CONTEXT = 8192  # tokens that the DeepSeek-OCRs were made for
LONG_CONTEXT = 32_768
WINDOWED = "unlimited-ocr"  # whose text is seen through a window, so that its length costs nothing
TILES = {"deepseek-ocr-2": 6, "deepseek-ocr": 9}
LOADING = "10m"  # start_timeout of the DeepSeek kinds: 6.7 GB may come from a slow disk

# Keys that only some kinds have.
_KINDS_OF = {
    "module": ("module",),
    "options": ("module",),
    "slots": ("rapidocr", "tesseract", "module"),
    "threads": ("rapidocr", "tesseract", "module"),
    "processes": ("rapidocr", "tesseract"),
    "scripts": ("rapidocr",),
    "dtype": ("rapidocr", *DEEPSEEK),
    "devices": (*DEEPSEEK, "module"),
    **dict.fromkeys(
        ("urls", "places", "models", "profile", "own_profile", "key_file", "ca_file",
         "client_cert", "client_key", "proxy", "request_timeout"),
        REMOTE,
    ),
    **dict.fromkeys(
        ("model", "revision", "device", "attention", "max_slots", "context",
         "max_new_tokens", "max_tiles", "memory_share", "turn", "download"),
        DEEPSEEK,
    ),
}  # fmt: skip

# As ocrd/engine/visible.py reads them: a number, or a UUID as nvidia-smi -L tells it.
_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,2})?|(GPU|MIG)-[0-9A-Za-z][0-9A-Za-z/-]*")

Device = Annotated[str, StringConstraints(min_length=1)]


class EngineSettings(Table):
    """What reads the pages."""

    FOLLOWS: ClassVar[dict[str, tuple[str, ...]]] = {  # as _fill_in has it
        "kind": ("start_timeout", "model", "context"),
        "keep_loaded": ("idle_unload",),
    }

    kind: Literal[
        "rapidocr", "tesseract", "deepseek-ocr-2", "deepseek-ocr", "unlimited-ocr", "openai",
        "mistral", "module",
    ] = Field(
        "rapidocr",
        description='"rapidocr" is the embedded engine: CPU, weights included, no network.'
        ' "tesseract" is Tesseract, as the system has it, for some hundred languages.'
        ' "deepseek-ocr-2", "deepseek-ocr" and "unlimited-ocr" are the models of these names, made'
        " for a GPU; they need ocrd's extra gpu and their weights (ocrd model pull)."
        ' "openai" and "mistral" are models on servers that speak the interface of that name, see'
        " the key urls."
        ' "module" is an engine of your own, see the key module.',
    )
    module: str | None = Field(
        None,
        examples=["my_package.my_engine"],
        description='With kind = "module": an importable Python module with a function load(),'
        " as described in ocrd/engine/worker.py.",
    )
    model: str | None = Field(
        None,
        examples=["deepseek-community/DeepSeek-OCR-2"],
        description="DeepSeek: a model's name on the hub, or a folder with its files; by default"
        " deepseek-community/DeepSeek-OCR-2, deepseek-ai/DeepSeek-OCR or baidu/Unlimited-OCR.",
    )
    revision: str | None = Field(
        None,
        examples=["main"],
        description="DeepSeek: the branch, tag or commit of the model on the hub.",
    )
    download: bool = Field(
        False,
        description="DeepSeek: whether the engine may fetch a missing model from the hub when it"
        " starts; otherwise nothing here reaches the network.",
    )
    device: Device = Field(
        "auto",
        description='DeepSeek: "cuda:1" is the second GPU of nvidia-smi, "GPU-…" or "MIG-…" one by'
        ' its UUID, "cpu" the processor; "auto" is the GPU with the most free memory, or the'
        " processor where there is none. An engine that had a GPU waits for it, also over restarts,"
        ' until this says "cpu".',
    )
    devices: tuple[Device, ...] = Field(
        (),
        examples=[["cuda:0", "cuda:1"]],
        description="Several devices at once: a process on each, which sees that GPU alone; they"
        " share the waiting pages.",
    )
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        "auto",
        description='The type of the numbers. DeepSeek: "auto" is bfloat16 on a GPU (float16 where'
        ' it has none) and float32 on the processor. rapidocr: "auto" is 8 bits where the processor'
        ' multiplies bytes quickly (VNNI), and "float32" else; there are no others.',
    )
    attention: Literal["auto", "sdpa", "flash"] = Field(
        "auto",
        description='DeepSeek, what the decoder attends with: "flash" is the kernel in PyTorch'
        " that is told how long each page is (NVIDIA, from Ampere on, in bfloat16 or float16; no"
        ' package is needed), "sdpa" looks at all slots under a mask, "auto" takes "flash" where'
        " it can be had.",
    )
    max_slots: Count = Field(
        "auto",
        description='DeepSeek: pages that are decoded together, at most; "auto" is what fits the'
        " device's memory.",
    )
    memory_share: float = Field(
        0.9,
        gt=0,
        le=1,
        description="DeepSeek: the share of the GPU's free memory that may be used.",
    )
    context: int = Field(
        8192,
        ge=2048,
        le=LONG_CONTEXT,
        description="DeepSeek: tokens of a page, those of its image and of its text together;"
        f" {LONG_CONTEXT} with unlimited-ocr.",
    )
    max_new_tokens: int | None = Field(
        None,
        ge=16,
        le=LONG_CONTEXT,
        examples=[4096],
        description="DeepSeek: tokens of a page's text, at most; by default what context leaves.",
    )
    max_tiles: int | None = Field(
        None,
        ge=2,
        le=32,
        examples=[6],
        description="DeepSeek: tiles that a page is cut into, at most; by default 6, which is what"
        " deepseek-ocr-2 knows. deepseek-ocr knows 9; unlimited-ocr 32, which is its default.",
    )
    turn: bool = Field(
        True,
        description="DeepSeek: turn pages upright before they are read; the embedded engine always"
        " does.",
    )
    scripts: Literal["auto", "own"] = Field(
        "auto",
        description="rapidocr: what becomes of a page in letters that it does not have, such as"
        ' Cyrillic: "auto" has Tesseract read it where that is installed, and says else what to'
        ' install; "own" does not look.',
    )
    slots: Count = Field("auto", description='Pages in work at a time; "auto" suits the machine.')
    threads: Count = Field(
        "auto", description='CPU threads, shared by all slots; "auto" is one a core.'
    )
    processes: Count = Field(
        "auto",
        description="Processes that share slots and threads, as one keeps few cores busy: the"
        ' second starts when more pages wait than the first has slots, and so on; "auto" is one'
        " for every four threads, where there are 2 GiB of memory for each.",
    )
    load: Literal["start", "first-document"] = Field(
        "start",
        description='When the engine is loaded: at the "start" of the daemon, where its faults show'
        ' at once, or with the "first-document".',
    )
    idle_unload: Duration = Field(
        900.0,
        description='Unload the engine, and free its memory, after so long without a page; "0s"'
        " never does.",
    )
    keep_loaded: bool = Field(False, description='Never unload it, as idle_unload = "0s".')
    start_timeout: Duration = Field(
        120.0, gt=0, description=f"How long loading may take; {LOADING} for the DeepSeek kinds."
    )
    page_timeout: Duration = Field(
        300.0,
        gt=0,
        description="How long a page may make no progress before the engine is started anew.",
    )
    max_kills: int = Field(
        3,
        ge=1,
        description="A page that ended the engine so often is given up, if others can be read.",
    )
    restart_backoff: Duration = Field(
        1.0,
        description="Pause before a failed engine is started again; it doubles up to a minute.",
    )
    confidence_floor: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="A page of which the engine is less sure, by its mean confidence, is doubtful;"
        " 0 asks for none. Each engine has its own scale: look first at what your pages have.",
    )
    urls: tuple[Server, ...] = Field(
        (),
        examples=[["http://gpu1:8000/v1"]],
        description="Servers: where they answer, up to and with /v1. One that takes another number"
        ' of pages, or another key, is a table: { url = "http://gpu2:8000/v1", places = 64 }, with'
        " places, weight (a server of weight 2 is given twice as much), key_file, ca_file,"
        " client_cert, client_key and proxy.",
    )
    places: int = Field(
        16, ge=1, le=1024, description="Servers: pages that each takes at a time."
    )
    models: str = Field(
        "auto",
        min_length=1,
        description='Servers: the name of the model there; "auto" asks each for its first.',
    )
    profile: str = Field(
        "auto",
        description="Servers: how the model is asked and its answer read, one of the profiles in"
        ' docs/engines.md; "auto" goes by the name of the model.',
    )
    own_profile: dict[str, Any] = Field(
        default_factory=dict,
        description="Servers: what your model wants otherwise than the profile says; see"
        " docs/engines.md.",
    )
    key_file: AbsoluteFolder | None = Field(
        None,
        examples=["/etc/ocrd/server.key"],
        description="Servers: a file that holds the key they want, alone.",
    )
    ca_file: AbsoluteFolder | None = Field(
        None,
        examples=["/etc/ocrd/ca.pem"],
        description="Servers: the certificates that check theirs, instead of the system's.",
    )
    client_cert: AbsoluteFolder | None = Field(
        None,
        examples=["/etc/ocrd/client.pem"],
        description="Servers: our own certificate, where they want one.",
    )
    client_key: AbsoluteFolder | None = Field(
        None,
        examples=["/etc/ocrd/client.key"],
        description="Servers: its key, where it is in a file of its own.",
    )
    proxy: str | None = Field(
        None,
        examples=["http://proxy:3128"],
        description="Servers: the proxy that they are reached by; none is taken from the"
        " environment.",
    )
    request_timeout: Duration = Field(
        120.0, gt=0, description="Servers: how long one may be silent before it is set aside."
    )
    fallback: tuple[str, ...] = Field(
        (),
        examples=[["local"]],
        description="The names of engines that read while this one cannot (its servers are gone,"
        ' its GPU is): the first of them that can. "default" is [engine].',
    )
    fallback_pages: int | None = Field(
        None,
        ge=1,
        examples=[20],
        description="Only documents of up to so many pages go to a fallback; longer ones wait.",
    )
    second_opinion: str | None = Field(
        None,
        examples=["local"],
        description="The name of an engine that reads the pages that are doubtful, once more: the"
        " better reading is kept, and the layout JSON has the other.",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description='With kind = "module": handed to the module as they are.'
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        """Set what follows from other keys, where the table does not say it itself."""
        if not isinstance(given, dict):
            return given
        follows: dict[str, Any] = {}
        if given.get("kind") in DEEPSEEK:
            follows.update(start_timeout=LOADING, model=MODELS[given["kind"]])
        if given.get("kind") == WINDOWED:
            follows["context"] = LONG_CONTEXT
        if str(given.get("keep_loaded")).lower() == "true":
            follows["idle_unload"] = "0s"
        return {**follows, **given}

    @model_validator(mode="after")
    def _require_all(self) -> Self:
        refuse_all(self.contradictions())
        return self

    def contradictions(self) -> Iterator[PydanticCustomError]:
        """Yield what contradicts each other, as far as it is known."""
        for check in (
            self._lacks_module, self._unknown_devices, self._kept_and_unloaded, self._one_or_more,
            self._twice, self._lacks_servers, self._alien_type, self._too_many_tiles,
            self._too_long, self._no_room,
        ):  # fmt: skip
            yield from as_far_as_known(check())
        for key in sorted(self.model_fields_set & _KINDS_OF.keys()):
            yield from as_far_as_known(self._alien_key(key))

    def _lacks_module(self) -> Iterator[PydanticCustomError]:
        if self.kind == "module" and not self.module:
            yield refuse(
                'kind = "module" needs the module\'s name',
                'Add module = "my_package.my_engine", or set kind = "rapidocr".',
                "kind",
            )

    def _lacks_servers(self) -> Iterator[PydanticCustomError]:
        if self.kind in REMOTE and not self.urls:
            yield refuse(
                f'kind = "{self.kind}" needs the servers',
                'Add urls = ["http://gpu1:8000/v1"].',
                "kind",
            )
        urls = [server.url for server in self.urls]
        if len(set(urls)) < len(urls):
            yield refuse("a server is named twice", "Name each once.", "urls")

    def _alien_key(self, key: str) -> Iterator[PydanticCustomError]:
        is_set = getattr(self, key) != type(self).model_fields[key].get_default(
            call_default_factory=True
        )
        if is_set and self.kind not in _KINDS_OF[key]:
            kinds = " or ".join(f'kind = "{kind}"' for kind in _KINDS_OF[key])
            yield refuse(f"this key belongs to {kinds}", "Remove it, or set that kind.", key)

    def _unknown_devices(self) -> Iterator[PydanticCustomError]:
        if self.kind == "module":  # it knows its own
            return
        for key, device in (("device", self.device), *(("devices", one) for one in self.devices)):
            if not _DEVICE.fullmatch(device):
                yield refuse(
                    f"{device!r} is no device",
                    'Write "auto", "cpu", "cuda", "cuda:1" or a UUID of nvidia-smi -L.',
                    key,
                )

    def _kept_and_unloaded(self) -> Iterator[PydanticCustomError]:
        if self.keep_loaded and self.idle_unload:
            yield refuse(
                "the engine cannot be kept loaded and be unloaded", "Remove one.", "keep_loaded"
            )

    def _one_or_more(self) -> Iterator[PydanticCustomError]:
        if self.devices and self.device != "auto":
            yield refuse("devices says it already", "Remove device or devices.", "device")

    def _twice(self) -> Iterator[PydanticCustomError]:
        if len({"cuda:0" if one == "cuda" else one for one in self.devices}) < len(self.devices):
            yield refuse("a device is named twice", "Name each once.", "devices")

    def _alien_type(self) -> Iterator[PydanticCustomError]:
        if self.kind == "rapidocr" and self.dtype not in ("auto", "float32"):
            yield refuse(
                f"the embedded engine has no {self.dtype}", 'Write "auto" or "float32".', "dtype"
            )

    def _too_many_tiles(self) -> Iterator[PydanticCustomError]:
        most = TILES.get(self.kind, 32)
        if (self.max_tiles or 0) > most:
            yield refuse(
                f"{self.kind} knows no more than {most} tiles", f"Write {most}.", "max_tiles"
            )

    def _too_long(self) -> Iterator[PydanticCustomError]:
        if self.kind != WINDOWED and self.context > CONTEXT:
            yield refuse(
                f"{self.kind} has a context of {CONTEXT} tokens", f"Write {CONTEXT}.", "context"
            )

    def _no_room(self) -> Iterator[PydanticCustomError]:
        if self.max_new_tokens is not None and self.max_new_tokens >= self.context:
            yield refuse(
                "the image's tokens are part of the context, so that the text has fewer",
                f"Write less than context ({self.context}).",
                "max_new_tokens",
            )

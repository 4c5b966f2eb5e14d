"""What a first run on a GPU has to show; what the processor can show of it, it shows, too.

Nothing here needs pydantic or pytest-asyncio.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from ocrd.engine import protocol, visible
from ocrd.engine.deepseek.network import checkpoint, experts, fullpage, preprocessing, vision
from ocrd.engine.deepseek.network.recording import Recorder
from ocrd.engine.deepseek.network.shortage import is_shortage
from ocrd.engine.deepseek.slots.decoding import Decoder, Rules, SlotPlan
from ocrd.engine.deepseek.slots.freshness import StaleGraphError, require_fresh
from ocrd.engine.deepseek.slots.slots import Prompt, Slots
from ocrd.engine.deepseek.text.prompts import BOS, EOS
from ocrd.engine.process import WorkerProcess
from ocrd.tasks import Task
from tests import checkpoints, sequential
from tests.installation import ROOT

HAS_GPU = torch.cuda.is_available()
DEVICE = "cuda" if HAS_GPU else "cpu"
DTYPE = torch.bfloat16 if HAS_GPU else torch.float32
on_a_gpu = pytest.mark.skipif(not HAS_GPU, reason="needs a CUDA device")

KINDS = tuple(checkpoints.ALL_CLASSES)
VOCABULARY = 2000
WIDTH, HEAD = 256, 128  # two heads as wide as the true ones
PLAN = SlotPlan(budget=4 * 1280, max_slots=4, context=4096, step=256, typical=1280, few_shapes=True)


@pytest.fixture(autouse=True)
def _memory() -> Iterator[None]:
    threads, environment = torch.get_num_threads(), dict(os.environ)
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    for name in {visible.LIST, visible.CHOSEN, visible.ORDER} - set(environment):
        os.environ.pop(name, None)
    gc.collect()
    if HAS_GPU:
        torch.cuda.empty_cache()


@contextlib.contextmanager
def no_wait_for_the_device() -> Iterator[None]:
    """Raise where the host would wait for a GPU meanwhile."""
    if not HAS_GPU:
        yield
        return
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


# Heads of the true size


def wide(kind: str) -> Any:
    """Return a random network whose heads are of the true size."""
    narrow = checkpoints.config_of(kind)
    text = {**narrow.text_config.to_dict(), "hidden_size": WIDTH, "head_dim": HEAD}
    config = type(narrow)(
        text_config={**text, "vocab_size": VOCABULARY},
        vision_config=narrow.vision_config.to_dict(),
        image_token_id=VOCABULARY - 1,
    )
    config._attn_implementation = "sdpa"
    network = checkpoints.ALL_CLASSES[kind][1](config).eval().requires_grad_(False)
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    network.load_state_dict(checkpoints._random(shapes, 0))
    assert network.model.language_model.config.head_dim == HEAD
    return network.to(DEVICE)


def prompts_of(count: int) -> list[tuple[torch.Tensor, list[int], Rules]]:
    pages = []
    for number in range(count):
        tokens = (57, 140, 30)[number % 3]
        features = torch.randn((tokens, WIDTH), generator=torch.Generator().manual_seed(number))
        ids = [BOS, *[VOCABULARY - 1] * tokens, 5, 6, 7 + number]
        pages.append((features.to(DEVICE), ids, Rules(12 + 9 * number)))
    return pages


def slots_of(network: Any, dtype: torch.dtype, way: str) -> Slots:
    return Slots(
        network.to(dtype), PLAN, device=torch.device(DEVICE), dtype=dtype,
        attention_way=way, on_notice=pytest.fail,
    )  # fmt: skip


def step_scores(slots: Slots) -> torch.Tensor:
    """Return the scores of a step behind two prompts of unequal length."""
    prompts = [
        Prompt(ids, rules, [at for at, token in enumerate(ids) if token == VOCABULARY - 1], image)
        for image, ids, rules in prompts_of(2)
    ]
    with torch.inference_mode():
        slots.cache.lay_out(2, 512, keep=0, used=0)
        slots.prefill(0, prompts)
        slots.step.tokens[:2] = 11
        hidden = slots.language.embed(slots.step.tokens[:2])
        hidden = slots.language.run(hidden, slots.step.fed(2, 512), slots.step.expert_code)
        return slots.language.scores(hidden).float()


@pytest.mark.parametrize("kind", KINDS)
def test_heads_of_the_true_size_give_the_scores_of_float32(kind: str) -> None:
    network = wide(kind)
    exact = step_scores(slots_of(network, torch.float32, "sdpa"))
    for way in ("sdpa", "auto"):
        slots = slots_of(network, DTYPE, way)
        if HAS_GPU and way == "auto" and torch.cuda.get_device_capability() >= (8, 0):
            assert slots.step.knows_lengths, "the kernel that is told lengths is used"
        found = step_scores(slots)
        assert (found - exact).abs().max() < 0.1 * exact.abs().max(), way
        alike = torch.nn.functional.cosine_similarity(found, exact)
        assert alike.min() > 0.99, way


@pytest.mark.parametrize("kind", KINDS)
def test_heads_of_the_true_size_say_what_generate_says(kind: str) -> None:
    network = wide(kind)  # in float32, which every token can be held against
    pages = prompts_of(3)
    made = Decoder(network, list, PLAN, image=VOCABULARY - 1, eos=EOS, on_notice=pytest.fail)
    generations = [made.submit(*page) for page in pages]
    while made.busy:
        made.step()
    for (image, ids, rules), generation in zip(pages, generations, strict=True):
        assert generation.tokens == sequential.read(network, ids, image, rules)


# Nobody waits


@pytest.mark.parametrize("kind", KINDS)
def test_encoding_and_feeding_wait_for_the_device_in_no_place(kind: str, tmp_path: Path) -> None:
    model = checkpoint.load(kind, str(checkpoints.make(tmp_path / "model", kind)), device=DEVICE)
    page = fullpage.full_page(preprocessing.view_spec(kind, "", 2))
    ids = [BOS, *[checkpoints.IMAGE] * page.tokens, 5]
    slots = Slots(
        model.network, PLAN, device=model.device, dtype=model.dtype, on_notice=pytest.fail
    )
    slots.cache.lay_out(2, 1280, keep=0, used=0)

    def enter() -> None:
        features = vision.encode(model, [page])[0]
        places = list(range(1, 1 + page.tokens))
        # Without a kernel for groups a loop asks where they end.
        if not HAS_GPU or experts.knows_groups(model.device, model.dtype):
            slots.prefill(0, [Prompt(ids, Rules(9), places, features)])

    with torch.inference_mode():
        for _ in range(3):  # recorded when it has come often enough
            enter()
        with no_wait_for_the_device():
            enter()


def test_what_a_full_page_takes_is_measured(tmp_path: Path) -> None:
    kind = "deepseek-ocr-2"
    made = checkpoints.make(tmp_path / "model", kind, global_attention=True)
    model = checkpoint.load(kind, str(made), device=DEVICE)
    page = fullpage.full_page(preprocessing.view_spec(kind))
    taken = fullpage.bytes_of_encoding(model, page, lambda pages: vision.encode(model, pages))
    if not HAS_GPU:
        assert taken is None
        return
    assert taken is not None
    # At the least, the scores of a view's 4,096 patches for all of them, of two heads.
    assert taken > 4096 * 4096 * 2 * model.dtype.itemsize


# Recordings


@on_a_gpu
def test_an_empty_recording_is_refused_and_a_real_one_is_not() -> None:
    given = torch.arange(8, device="cuda")
    recorder = Recorder()
    graph, found = recorder.record(lambda: given * 2 + 1)

    def check(replay: Any) -> None:
        require_fresh(
            replay=replay, plain=lambda: (given * 2 + 1,), outputs=(found,), state=(given,),
            move=lambda: given.add_(100),
        )  # fmt: skip

    check(graph.replay)
    empty = torch.cuda.CUDAGraph()
    with torch.cuda.graph(empty):
        pass
    for replay in (empty.replay, lambda: None):
        with pytest.raises(StaleGraphError):
            check(replay)
    assert given.tolist() == list(range(8))


@on_a_gpu
def test_a_lack_of_memory_in_a_recording_is_known_and_the_next_recording_works() -> None:
    given = torch.ones(4, device="cuda")

    def greedy() -> torch.Tensor:
        if torch.cuda.is_current_stream_capturing():
            torch.empty(1 << 45, dtype=torch.uint8, device="cuda")
        return given + 1

    with pytest.raises(RuntimeError) as caught:
        Recorder().record(greedy)
    assert is_shortage(caught.value)
    torch.cuda.synchronize()
    graph, found = Recorder().record(lambda: given + 1)
    given.fill_(41)
    graph.replay()
    assert found.tolist() == [42.0] * 4


# The worker

SAID = "The quay is dry. " * 40
ASLEEP_SECONDS = 3.0
LOADING_SECONDS = 50.0


async def answer(worker: WorkerProcess, kind: type[Any]) -> Any:
    """Return the worker's next message of a kind; notices and progress may come before."""
    async with asyncio.timeout(LOADING_SECONDS):
        while not isinstance(message := await worker.receive(), kind):
            assert isinstance(message, protocol.Notice | protocol.Progress), message
    return message


async def read_by_a_worker(
    model: Path, page: Path, device: str, *, asleep: float = 0.0
) -> tuple[str, str, list[bytes]]:
    """Return what a worker says of its device, what it reads, and its environment.

    With ``asleep``, it is stopped for so long while it has the page, as for a suspend.
    """
    worker = await WorkerProcess.spawn(device)
    try:
        environment = Path(f"/proc/{worker.pid}/environ").read_bytes().split(b"\0")
        worker.send(protocol.Configure(settings_of(model, device)))
        hello = await answer(worker, protocol.Hello)
        worker.send(protocol.Recognise(1, str(page), Task()))
        if asleep:
            await answer(worker, protocol.Progress)
            os.kill(worker.pid, signal.SIGSTOP)
            await asyncio.sleep(asleep)
            os.kill(worker.pid, signal.SIGCONT)
        read = await answer(worker, protocol.Recognised)
        return hello.device, read.recognition.markup, environment
    finally:
        await worker.close(0.0)


def settings_of(model: Path, device: str) -> dict[str, Any]:
    return {
        "kind": "deepseek-ocr-2", "model": str(model), "revision": None, "device": device,
        "dtype": "auto", "attention": "auto", "download": False, "max_slots": "auto",
        "context": 8192, "memory_share": 0.5, "turn": False, "max_tiles": None,
        "max_new_tokens": 0,
    }  # fmt: skip


@pytest.fixture(name="page")
def _page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # The worker looks for ocrd where it is installed, or here.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    page = tmp_path / "page.pgm"
    Image.linear_gradient("L").resize((900, 1200)).save(page, "PPM")
    return page


def test_a_worker_that_was_stopped_in_a_page_goes_on_with_it(tmp_path: Path, page: Path) -> None:
    model = checkpoints.make_scripted(tmp_path / "model", "deepseek-ocr-2", SAID)
    device = "cuda:0" if HAS_GPU else "cpu"
    _, text, _ = asyncio.run(read_by_a_worker(model, page, device, asleep=ASLEEP_SECONDS))
    assert text.split("<｜")[0].strip() == SAID.strip()


@pytest.mark.skipif(not HAS_GPU or torch.cuda.device_count() < 2, reason="needs two GPUs")
def test_the_second_gpu_reads_what_the_first_reads(tmp_path: Path, page: Path) -> None:
    model = checkpoints.make(tmp_path / "model", "deepseek-ocr-2", favour={EOS: 1.7})
    texts = []
    for device in ("cuda:0", "cuda:1"):
        name, text, environment = asyncio.run(read_by_a_worker(model, page, device))
        assert name.startswith(device)
        assert f"{visible.LIST}={device[-1]}".encode() in environment
        texts.append(text)
    assert texts[0] == texts[1]

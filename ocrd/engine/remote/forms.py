"""The interfaces that servers speak: what a request says, and where its answer stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ocrd.engine.remote.answers import Reply, whole_signs
from ocrd.engine.remote.profiles import Profile
from ocrd.engine.remote.talk import ServerAway, Talker
from ocrd.engine.remote.wire import Ending, never
from ocrd.tasks import Task

# Servers that put nothing between an image and its text, by what they say of their models; vLLM
# puts a line's end there.
JOINS_BARE = frozenset({"llamacpp"})
CHARACTERS_A_TOKEN = 4  # about, where a server does not count


@dataclass(frozen=True, slots=True)
class Asked:
    """One try of a page."""

    task: Task
    temperature: float


@dataclass(frozen=True, slots=True)
class Asking:
    """All that one request says."""

    profile: Profile
    model: str
    asked: Asked
    image: str  # as a data URL
    without: frozenset[str] = frozenset()  # fields that the server does not take
    owner: str = ""  # of the model, by the server


class Form(Protocol):
    """How one interface is spoken."""

    def ask(
        self,
        talker: Talker,
        asking: Asking,
        on_piece: Callable[[str], None],
        ending: Ending = never,
    ) -> Reply:
        """Ask a server; see ``Talker.chat`` for what it raises."""
        ...


class Chat:
    """OpenAI's chat completions, as vLLM and its like have them."""

    def ask(
        self,
        talker: Talker,
        asking: Asking,
        on_piece: Callable[[str], None],
        ending: Ending = never,
    ) -> Reply:
        """Ask a server for a completion, and tell each piece of it."""
        return talker.chat(body_of(asking), on_piece, ending)


def body_of(asking: Asking) -> dict[str, Any]:
    """Return the body of a request for a completion."""
    profile, task = asking.profile, asking.asked.task
    prompt = profile.prompt(task.mode, task.prompt, task.target)
    parts: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": asking.image}}]
    if asking.owner in JOINS_BARE and profile.image_first:
        prompt = profile.between + prompt
    if prompt:  # some models are shown the page without a word
        parts.insert(len(parts) if profile.image_first else 0, {"type": "text", "text": prompt})
    system = [{"role": "system", "content": profile.system}] if profile.system else []
    stop = [*profile.stop, *task.decoding.stop]
    most = task.decoding.max_tokens or profile.max_tokens
    body = {
        "model": asking.model,
        "messages": [*system, {"role": "user", "content": parts}],
        "max_tokens": min(most, profile.max_tokens),
        "temperature": profile.temperature_of(asking.asked.temperature),
        "stream": True,
        "stream_options": {"include_usage": True},
        **({"stop": stop} if stop else {}),
        **profile.extra,
    }
    return {key: value for key, value in body.items() if key not in asking.without}


def optional(profile: Profile) -> frozenset[str]:
    """Return the fields of a request that a page can be read without."""
    return frozenset({"stream_options", *profile.extra})


class MistralOcr:
    """Mistral's ``POST /ocr``, which answers a page's Markdown in one piece."""

    def ask(
        self,
        talker: Talker,
        asking: Asking,
        on_piece: Callable[[str], None],
        ending: Ending = never,
    ) -> Reply:
        """Ask a server for the page, and tell its text."""
        body = {
            "model": asking.model,
            "document": {"type": "image_url", "image_url": asking.image},
            "include_image_base64": False,
        }
        told = talker.post("/ocr", body, ending)
        text = _markdown_of(told)
        on_piece(text)
        return Reply(text, tokens=-(-len(text) // CHARACTERS_A_TOKEN))


def _markdown_of(told: Any) -> str:
    """Return the text of all pages of an answer; raise ServerAway for what is none."""
    try:
        pages = told["pages"]
        return "\n\n".join(_page_of(page) for page in pages)
    except (KeyError, TypeError, AttributeError) as error:
        raise ServerAway(f"its answer makes no sense ({error!r})", took_it=True) from error


def _page_of(page: Mapping[str, Any]) -> str:
    """Return a page's Markdown, with the tables that stand beside it where they belong."""
    text = _written(page["markdown"])
    for table in page.get("tables") or ():
        place = f"[{table['id']}]({table['id']})"
        text = text.replace(place, _written(table["content"]), 1)
    return text


def _written(told: Any) -> str:
    """Return a text, "" for null; raise TypeError for what is none."""
    if told is not None and not isinstance(told, str):
        raise TypeError(f"{told!r:.100} is no text")
    return whole_signs(told or "")


FORMS_OF: Mapping[str, Form] = {"openai": Chat(), "mistral": MistralOcr()}

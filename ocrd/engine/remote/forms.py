"""The interfaces that servers speak: what a request says, and where its answer stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ocrd.engine.remote.profiles import Profile
from ocrd.engine.remote.talk import Reply, ServerAway, Talker
from ocrd.tasks import Task

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


class Form(Protocol):
    """How one interface is spoken."""

    def ask(self, talker: Talker, asking: Asking, on_piece: Callable[[str], None]) -> Reply:
        """Ask a server; see ``Talker.chat`` for what it raises."""
        ...


class Chat:
    """OpenAI's chat completions, as vLLM and its like have them."""

    def ask(self, talker: Talker, asking: Asking, on_piece: Callable[[str], None]) -> Reply:
        """Ask a server for a completion, and tell each piece of it."""
        return talker.chat(self._body(asking), on_piece)

    def _body(self, asking: Asking) -> dict[str, Any]:
        profile, task = asking.profile, asking.asked.task
        parts: list[dict[str, Any]] = [
            {"type": "image_url", "image_url": {"url": asking.image}},
            {"type": "text", "text": profile.prompt(task.mode, task.prompt, task.target)},
        ]
        if not profile.image_first:
            parts.reverse()
        system = [{"role": "system", "content": profile.system}] if profile.system else []
        stop = [*profile.stop, *task.decoding.stop]
        most = task.decoding.max_tokens or profile.max_tokens
        return {
            "model": asking.model,
            "messages": [*system, {"role": "user", "content": parts}],
            "max_tokens": min(most, profile.max_tokens),
            "temperature": asking.asked.temperature or profile.temperature,
            **({"stop": stop} if stop else {}),
            **profile.extra,
        }


class MistralOcr:
    """Mistral's ``POST /ocr``, which answers a page's Markdown in one piece."""

    def ask(self, talker: Talker, asking: Asking, on_piece: Callable[[str], None]) -> Reply:
        """Ask a server for the page, and tell its text."""
        told = talker.post(
            "/ocr",
            {
                "model": asking.model,
                "document": {"type": "image_url", "image_url": asking.image},
                "include_image_base64": False,
            },
        )
        text = _markdown_of(told)
        on_piece(text)
        return Reply(text, tokens=-(-len(text) // CHARACTERS_A_TOKEN))


def _markdown_of(told: Any) -> str:
    """Return the text of all pages of an answer; raise ServerAway for what is none."""
    try:
        pages = told["pages"]
        return "\n\n".join(_page_of(page) for page in pages)
    except (KeyError, TypeError, AttributeError) as error:
        raise ServerAway(f"its answer makes no sense ({error!r})") from error


def _page_of(page: Mapping[str, Any]) -> str:
    """Return a page's Markdown, with the tables that stand beside it where they belong."""
    text = str(page["markdown"])
    for table in page.get("tables") or ():
        place = f"[{table['id']}]({table['id']})"
        text = text.replace(place, str(table["content"]), 1)
    return text


FORMS_OF: Mapping[str, Form] = {"openai": Chat(), "mistral": MistralOcr()}

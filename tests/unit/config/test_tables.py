from __future__ import annotations

from pathlib import Path

from ocrd.tasks import Task
from tests.unit.config.texts import INBOX, load


def test_passwords_do_not_show_in_the_settings(tmp_path: Path) -> None:
    settings = load(tmp_path, f'{INBOX}passwords = ["hunter2"]\n')
    assert "hunter2" not in repr(settings)
    assert settings.inbox[0].passwords[0].get_secret_value() == "hunter2"


def test_each_folder_asks_its_engine_for_its_own_task(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        f"{INBOX}[engine]\nkind = 'deepseek-ocr'\n"
        "[[inbox]]\npath = '/b'\nmode = 'locate'\ntarget = 'the stamp'\nsize = 'base'\n"
        "[[inbox]]\npath = '/c'\nmode = 'prompt'\nprompt = 'Who?'",
    )
    tasks = [folder.task for folder in settings.inbox]
    assert tasks == [
        Task(),
        Task("locate", target="the stamp", size="base"),
        Task("prompt", prompt="Who?"),
    ]

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


def test_a_folders_languages_are_told_to_its_engine(tmp_path: Path) -> None:
    text = f"{INBOX}languages = ['rus', 'script/Latin', 'chi_sim']\n"
    wanted = ("rus", "script/Latin", "chi_sim")
    assert load(tmp_path, text).inbox[0].task == Task(languages=wanted)
    tesseract = f"{text}[engine]\nkind = 'tesseract'\nslots = 2"
    assert load(tmp_path, tesseract).inbox[0].task.languages == wanted
    assert load(tmp_path, INBOX).inbox[0].languages == ()

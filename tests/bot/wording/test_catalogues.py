"""The catalogues are whole, compiled, and say the same as the code."""

import runpy
import string
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from bot.wording import phrases

ROOT = Path(__file__).resolve().parents[3]
WRITER: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "write_wording.py"))
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
STALE = "run .venv/bin/python docs/write_wording.py"


def placeholders(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated_with_what_is_put_in(language: str) -> None:
    with WRITER["path_of"](language, "mo").open("rb") as file:
        known = GNUTranslations(file)
    for each in phrases.every():
        said = known.gettext(each.text)
        assert said != each.text, f"{each.key} is not translated"
        assert placeholders(said) == placeholders(each.text), each.key
        assert said.strip() == said, each.key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("ending", ["po", "mo"])
def test_what_is_committed_is_what_the_code_says(language: str, ending: str) -> None:
    assert WRITER["path_of"](language, ending).read_bytes() == WRITER[ending](language), STALE


def test_the_list_of_sentences_is_that_of_the_code() -> None:
    assert (ROOT / "docs" / "wording.md").read_text() == WRITER["listed"](), STALE


def test_no_two_sentences_share_a_name_or_their_words() -> None:
    found = list(phrases.every())
    assert len({each.key for each in found}) == len({each.text for each in found}) == len(found)

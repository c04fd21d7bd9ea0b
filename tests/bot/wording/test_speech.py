"""Askers are spoken to in their language, and in the words of the voice where it has its own."""

# ruff: noqa: RUF001  signs of other scripts

import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.models import OwnWords
from bot.wording import phrases, speech
from bot.wording.speech import Speech

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How are annual plans refunded?", "en"),
        ("Wo finde ich das?", "de"),
        ("Was passiert, wenn ich kündige?", "de"),
        ("C'est combien ?", "fr"),
        ("¿Cuánto cuesta el plan anual?", "es"),
        ("返金はできますか？", "ja"),
        ("いくら？", "ja"),
        ("SSO", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_that_of_the_words(text: str, language: str) -> None:
    assert speech.like([text]).language == language


def test_what_was_asked_before_tells_where_a_word_does_not() -> None:
    assert speech.like(["SSO?", "Was passiert, wenn ich kündige?"]).language == "de"


def test_a_language_without_a_catalogue_is_spoken_to_in_english() -> None:
    italian = speech.like(["Come posso ottenere un rimborso per il piano annuale?"])
    assert italian.language == "it"
    assert italian.say(phrases.WELCOME) == "You are welcome!"


@pytest.mark.parametrize("written", ["German", "german", "Deutsch", "de", "de-AT"])
def test_a_channel_names_its_language_as_people_do(written: str) -> None:
    assert speech.like(["How are annual plans refunded?"], written).say(phrases.WELCOME) == "Gern geschehen!"


def test_a_language_nobody_knows_leaves_that_of_the_question() -> None:
    assert speech.like(["Wo finde ich das?"], "Klingon").language == "de"


def test_numbers_and_times_are_written_as_the_language_does() -> None:
    assert "4.000 Zeichen" in Speech("de").say(phrases.TOO_LONG, limit=4000)
    assert "4,000 characters" in Speech("en").say(phrases.TOO_LONG, limit=4000)
    assert Speech("de").ago(NOW - timedelta(days=3), NOW) == "3 Tage"
    assert Speech("ja").ago(NOW - timedelta(days=3), NOW) == "3日"
    for phrase in (phrases.LATE, phrases.CHANGED):  # after "vor" a German would say "Tagen"
        assert re.search(r"(?<!vor )3 Tage\b", Speech("de").say(phrase, ago="3 Tage"))


def test_a_voice_says_it_in_its_own_words_first_in_this_language_then_in_all() -> None:
    OwnWords.objects.create(voice_name="warm", key="welcome", text="Any time!")
    OwnWords.objects.create(voice_name="warm", key="welcome", language="fr", text="Je vous en prie !")
    assert Speech("de", "warm").say(phrases.WELCOME) == "Any time!"
    assert Speech("fr", "warm").say(phrases.WELCOME) == "Je vous en prie !"
    assert Speech("fr").say(phrases.WELCOME) == "Avec plaisir !"


@pytest.mark.parametrize("own", ["Number {number}", "Half {", "Attribute {incident.x}"])
def test_own_words_that_do_not_fit_any_more_are_passed_over(own: str) -> None:
    OwnWords.objects.create(voice_name="warm", key="not_written", text=own)
    assert "Sorry" in Speech("en", "warm").say(phrases.NOT_WRITTEN, incident="1a2b3c4d")


def test_every_wording_of_a_sentence_is_known() -> None:
    OwnWords.objects.create(voice_name="warm", key="welcome", text="Any time!")
    assert {"You are welcome!", "Gern geschehen!", "Any time!"} <= set(speech.translations(phrases.WELCOME))

"""A voice's own words for what Parley says by itself, as a page keeps them."""

import pytest
from django.test import Client
from django.urls import reverse

from bot.models import OwnWords
from bot.voices import choosing
from bot.wording import phrases
from bot.wording.speech import Speech
from tests.rows.web_rows import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(make_user("root", is_superuser=True))
    choosing.next_version("default", {"style_guide": "Warm."})
    return client


def page(language: str) -> str:
    return reverse("own_words", args=["default"], query={"language": language})


def test_words_are_kept_for_one_language_and_given_back(owner: Client) -> None:
    assert "Gern geschehen!" in owner.get(page("de")).content.decode()
    owner.post(page("de"), {"welcome": "Immer wieder gern!"})
    owner.post(page(""), {"welcome": "Any time!"})
    assert Speech("de", "default").say(phrases.WELCOME) == "Immer wieder gern!"
    assert Speech("ja", "default").say(phrases.WELCOME) == "Any time!"
    owner.post(page("de"), {"welcome": " "})
    assert Speech("de", "default").say(phrases.WELCOME) == "Any time!"


@pytest.mark.parametrize(
    "words", ["More than {count} of them", "A lone { brace", "{limit:>999999999}", "{limit.real}", "{}"]
)
def test_what_cannot_be_filled_in_is_refused_where_it_stands(owner: Client, words: str) -> None:
    reply = owner.post(page(""), {"too_long": words})
    assert reply.status_code == 422
    assert not OwnWords.objects.exists()
    assert "too_long" in reply.context["form"].errors


def test_a_language_nobody_knows_is_not_found_nor_is_a_voice(owner: Client) -> None:
    assert owner.get(page("tlh")).status_code == 404
    assert owner.get(reverse("own_words", args=["nobody"])).status_code == 302

"""Whom a workspace trusts, as people write it down, and which reaction counts."""

import pytest
from django.core.exceptions import ValidationError

from bot.models import Workspace
from bot.team import circles


@pytest.mark.parametrize(("platform", "written", "ids"), [
    ("slack", "U0BOB,S0HELP;  W0EVE\nU0BOB", ["U0BOB", "S0HELP", "W0EVE"]), ("slack", "<@U0BOB>", ["U0BOB"]),
    ("slack", "<!subteam^S0HELP|@help>", ["S0HELP"]), ("slack", " \n", []),
    ("discord", "<@&123456789> <@!987654321>, &555555", ["&123456789", "987654321", "&555555"]),
])  # fmt: skip
def test_ids_are_taken_as_people_paste_them(platform: str, written: str, ids: list[str]) -> None:
    assert circles.read(platform, written) == ids


@pytest.mark.parametrize(("platform", "written"), [
    ("slack", "bob"), ("slack", "C0CHANNEL"), ("slack", "&123456"), ("discord", "U0BOB"), ("discord", "@everyone"),
    ("discord", "12"), ("slack", "U0BOB'); --"),
])  # fmt: skip
def test_what_is_no_id_is_said(platform: str, written: str) -> None:
    with pytest.raises(ValidationError, match="is no id; write ids such as"):
        circles.read(platform, written)


@pytest.mark.parametrize(("wanted", "reaction", "counts"), [
    ("star", "star", True), ("star", "⭐", True), (":star:", "⭐\ufe0f", True), ("⭐", "star", True),
    ("+1", "+1::skin-tone-4", True), ("+1", "👍🏽", True), ("parley_gold", "parley_gold", True),
    ("star", "star2", False),
    ("", "star", False), ("", "", False), ("star", "", False),
])  # fmt: skip
def test_a_reaction_is_the_same_in_every_spelling(wanted: str, reaction: str, counts: bool) -> None:
    assert circles.counts(Workspace(example_reaction=wanted), reaction) == counts

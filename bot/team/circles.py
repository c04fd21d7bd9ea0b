"""Who may propose examples: the people, groups and roles a workspace names, else whoever reads what the team reads."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from bot.models import Channel, Platform, Question, Workspace

# What a platform's ids look like. A user group of Slack begins with S, a role of Discord is written with & before it.
IDS = {
    Platform.SLACK: re.compile(r"[UWS][A-Z0-9]{1,30}"),
    Platform.DISCORD: re.compile(r"&?[0-9]{5,20}"),
}
EXAMPLES = {Platform.SLACK: "U012AB3CD (a person) or S012AB3CD (a user group)", Platform.DISCORD: "123456789012345678 "
            "(a person) or &123456789012345678 (a role)"}  # fmt: skip
GROUP, ROLE = "S", "&"
SKIN = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")  # tones of skin, and the sign that asks for the picture of an emoji
EMOJI = {  # by Slack's name; Discord has the character itself
    "star": "⭐", "star2": "🌟", "sparkles": "✨", "white_check_mark": "✅", "heavy_check_mark": "✔", "+1": "👍",
    "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎",
    "clap": "👏", "trophy": "🏆", "mortar_board": "🎓", "bulb": "💡", "bookmark": "🔖",
    "pushpin": "📌", "heart": "❤", "100": "💯", "brain": "🧠", "books": "📚", "gem": "💎", "medal": "🏅",
    "ok_hand": "👌",
}  # fmt: skip


@dataclass(frozen=True)
class Circle:
    """`ids` are people, groups and roles; where nobody named any it is whoever is in `team`, None: nobody."""

    workspace: Workspace
    ids: frozenset[str]
    team: Channel | None

    @property
    def is_empty(self) -> bool:
        return not self.ids and self.team is None


def of(question: Question) -> Circle:
    """Those who may propose the answer to a question."""
    workspace = question.channel.workspace
    return Circle(workspace, frozenset(workspace.proposers), question.channel.team_channel)


def read(platform: str, written: str | Iterable[str]) -> list[str]:
    """Ids as people paste them: with commas or white space between, as a bare id or as a mention; none of them twice.

    Raises ValidationError for what is no id of that platform.
    """
    words = re.split(r"[\s,;]+", written) if isinstance(written, str) else list(written)
    found = [_bare(word) for word in words if word.strip()]
    known = IDS[Platform(platform)]
    wrong = [each for each in found if not known.fullmatch(each)]
    if wrong:
        raise ValidationError(f"{', '.join(wrong)} is no id; write ids such as {EXAMPLES[Platform(platform)]}.")
    return list(dict.fromkeys(found))


def _bare(word: str) -> str:
    """<@U12|ann>, <!subteam^S12|@team>, <@&12> and <@!12> as what stands in them."""
    inner = word.strip().removeprefix("<").removesuffix(">").split("|")[0]
    return inner.removeprefix("!subteam^").removeprefix("@").removeprefix("!")


def sign(reaction: str) -> str:
    """A reaction by one spelling, whichever platform or person wrote it: :star:, star and ⭐ are the same."""
    name = SKIN.sub("", reaction.strip().strip(":").split("::")[0])
    return EMOJI.get(name, name)


def counts(workspace: Workspace, reaction: str) -> bool:
    """Whether a reaction proposes an answer in a workspace."""
    return bool(workspace.example_reaction) and sign(reaction) == sign(workspace.example_reaction)

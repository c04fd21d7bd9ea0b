"""What is posted to a platform, before it takes that platform's form. Pure."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.posts.splitting import split
from bot.wording import phrases
from bot.wording.speech import Speech


@dataclass(frozen=True)
class Credit:
    """A line under an answer. `age` is how long ago the document changed, in words."""

    number: int
    title: str
    url: str = ""
    age: str = ""


@dataclass(frozen=True)
class Button:
    """`action` says what a press does, `value` to what (an id of ours)."""

    action: str
    value: str
    label: str


@dataclass(frozen=True)
class Post:
    """`text` is Markdown that is safe to post (posts.neutralising). `mention` is whom it calls, by id of the platform;
    nobody else is ever called. `notes` are small print. `about` is named without being called,
    after `about_label`. With `has_permalink` it leads to the question."""

    text: str
    sources: tuple[Credit, ...] = ()
    notes: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    mention: str = ""
    about: str = ""
    about_label: str = ""
    has_permalink: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> "Post":
        return cls(
            **{
                **written,
                "sources": tuple(Credit(**each) for each in written.get("sources", ())),
                "buttons": tuple(Button(**each) for each in written.get("buttons", ())),
                "notes": tuple(written.get("notes", ())),
            }
        )


@dataclass(frozen=True)
class Field:
    """An input of a form. With `options` (value, label) one of them is chosen, else text is written. A `label` has 45
    characters on Discord, a `hint` below it 100."""

    name: str
    label: str
    initial: str = ""
    is_required: bool = True
    is_long: bool = False
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""


@dataclass(frozen=True)
class Form:
    """What opens after a press. `name` and `value` come back with what was filled in. `cancel` closes it without that,
    where the platform has no word of its own for it."""

    name: str
    value: str
    title: str
    submit: str
    fields: tuple[Field, ...]
    cancel: str = "Cancel"


@dataclass(frozen=True)
class Excerpt:
    """What an answer rests on, as it is read when it is opened: a document's own words in `quote`, which is not
    Markdown. `note` says what became of the document since."""

    number: int
    title: str
    quote: str
    url: str = ""
    heading: str = ""
    note: str = ""


@dataclass(frozen=True)
class Sheet:
    """Excerpts under a title, opened for whoever pressed alone; `close` is as a form's `cancel`."""

    title: str
    excerpts: tuple[Excerpt, ...]
    close: str = "Close"


def parts(post: Post, *, characters: int, measure: Callable[[Post], int]) -> list[Post]:
    """`post` in parts that a platform takes: `characters` of text each, as `measure` counts a whole post.

    What is not text comes with the last part, or after it where the two do not fit together.
    """
    texts = split(post.text, characters) or [""]
    first = [Post(text=text) for text in texts]
    first[0] = replace(first[0], mention=post.mention)
    last = replace(post, text=first[-1].text, mention=first[-1].mention)
    if measure(last) <= characters or not (post.sources or post.notes):
        return [*first[:-1], last]
    return [*first, replace(post, text="", mention="")]


def age(changed_at: datetime | None, now: datetime, speech: Speech) -> str:
    """How long ago a document changed, to its largest unit; empty where nobody knows."""
    if changed_at is None:
        return ""
    if now - changed_at < timedelta(days=1):
        return speech.say(phrases.CHANGED_TODAY)
    return speech.say(phrases.CHANGED, ago=speech.ago(changed_at, now))

"""A press of a button, and a word to whoever pressed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Press:
    """Who pressed what. `value` is the id of a question, as it stands on the button."""

    action: str
    value: str
    person: str
    name: str


@dataclass(frozen=True)
class Said:
    """A word to whoever pressed, seen by them alone."""

    text: str

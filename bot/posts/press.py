"""A press of a button, and a word to whoever pressed."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.models import Channel
from bot.posts.post import Button


def _nobody_knows(_channel: Channel) -> bool:
    return True


@dataclass(frozen=True)
class Press:
    """Who pressed what. `value` is the id of a question, as it stands on the button. `has_outsiders` asks the platform
    whether anybody from outside reads a channel now; where it cannot say, somebody does."""

    action: str
    value: str
    person: str
    name: str
    is_outsider: bool = False
    has_outsiders: Callable[[Channel], bool] = _nobody_knows


@dataclass(frozen=True)
class Said:
    """A word to whoever pressed, seen by them alone, and what they may press next; `close` is as a sheet's."""

    text: str
    buttons: tuple[Button, ...] = ()
    close: str = "Close"

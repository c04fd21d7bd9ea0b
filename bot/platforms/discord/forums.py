"""Posts of a forum that are solved, and signs under messages."""

import logging
import re

from bot.messenger import DeliveryError, Sign
from bot.platforms.discord.session import DiscordRefusedError, Session

log = logging.getLogger(__name__)

SOLVED_TAGS = {"solved", "answered", "resolved", "gelöst", "beantwortet", "résolu", "resuelto", "解決", "解決済み"}
ARCHIVED = 50083
MOST_TAGS = 5  # of one post
REACTION = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me"


def react(session: Session, place: str, message_id: str, sign: Sign) -> None:
    """Put a sign under a message of a channel or thread. Raises DeliveryError."""
    session.ask("PUT", REACTION, None, channel_id=place, message_id=message_id, emoji=sign.value)


def mark_solved(session: Session, forum: str, post: str) -> None:
    """Give a post the tag of its forum that says solved; where there is none, or we may not, it gets a sign.

    Raises DeliveryError only where another attempt may help.
    """
    try:
        if _tag(session, forum, post):
            return
    except DiscordRefusedError as error:
        if not error.permanent:
            raise
        log.info("The post %s gets no tag: %s", post, error)
    try:
        _sign(session, post)
    except DeliveryError as error:
        if not error.permanent:
            raise
        log.info("The post %s is not marked as solved: %s", post, error)


def _sign(session: Session, post: str) -> None:
    """Put a sign under what the post says, which is opened for it where it was archived meanwhile."""
    try:
        react(session, post, post, Sign.PASSED_ON)
    except DiscordRefusedError as error:
        if error.code != ARCHIVED:
            raise
        session.ask("PATCH", "/channels/{channel_id}", {"archived": False}, channel_id=post)
        react(session, post, post, Sign.PASSED_ON)


def _tag(session: Session, forum: str, post: str) -> bool:
    """Whether the post has a tag that says solved now."""
    offered = session.ask("GET", "/channels/{channel_id}", None, channel_id=forum).get("available_tags") or ()
    solved = [str(each["id"]) for each in offered if _words(str(each["name"])) & SOLVED_TAGS]
    if not solved:
        return False
    thread = session.ask("GET", "/channels/{channel_id}", None, channel_id=post)
    tags = [str(each) for each in thread.get("applied_tags") or ()]
    if set(solved) & set(tags):
        return True
    if len(tags) >= MOST_TAGS:
        return False
    # Of a post that was archived meanwhile Discord changes nothing, unless it is opened by the same call.
    changes = {"applied_tags": [*tags, solved[0]], "archived": False}
    session.ask("PATCH", "/channels/{channel_id}", changes, channel_id=post)
    return True


def _words(name: str) -> set[str]:
    """A tag may carry an emoji beside its word; "unsolved" is another word."""
    return set(re.findall(r"\w+", name.casefold()))

"""What Discord's messages say: in their own words, forwarded, and in what they reply to. It touches no network."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import discord

from bot.surroundings.utterances import Utterance

TITLE = "Title of the thread"


def text(message: discord.Message, me: int, thread: discord.Thread | None = None) -> str:
    """What a person reads: without the mention of the bot, others by their names; a forum post with its title."""
    written = re.sub(rf"<@!?{me}>", "", message.content)
    for role in message.role_mentions:
        if role.tags is not None and role.tags.bot_id == me:
            written = written.replace(f"<@&{role.id}>", "")
    for person in message.mentions:
        written = re.sub(rf"<@!?{person.id}>", f"@{person.display_name}", written)
    written = " ".join(written.split(" ")).strip()
    if thread is not None and thread.id == message.id:
        return f"{thread.name}\n\n{written}".strip()
    return written


def unread(message: discord.Message) -> tuple[str, ...]:
    """The names of the files of a message, and of those of what was forwarded in it."""
    files = [*message.attachments, *(file for each in message.message_snapshots for file in each.attachments)]
    return tuple(file.filename for file in files)


def quoted(message: discord.Message, me: int) -> Iterator[Utterance]:
    """What a message forwards, or the message of a person that it replies to, where Discord brought that."""
    for each in message.message_snapshots:
        if each.content.strip():
            yield Utterance(_without(me, each.content), is_quoted=True)
    if isinstance(other := _other(message), discord.Message) and (said := utterance(other, me, is_quoted=True)):
        yield said


def _other(message: discord.Message) -> Any:
    """The message that a reply is about; of a forward, where it came without a snapshot."""
    reference = message.reference
    is_forward = reference is not None and reference.type == discord.MessageReferenceType.forward
    if reference is None or not (message.type == discord.MessageType.reply or is_forward) or message.message_snapshots:
        return None
    return reference.resolved


def told(message: dict[str, Any], me: int) -> Iterator[Utterance]:
    """As `quoted`, of a message that came with an interaction, as it stands."""
    for each in message.get("message_snapshots") or ():
        content = (each.get("message") or {}).get("content") or ""
        if content.strip():
            yield Utterance(_without(me, content), is_quoted=True)


def _without(me: int, content: str) -> str:
    return re.sub(rf"<@!?{me}>", "", content).strip()


def replied_to(message: discord.Message, me: int) -> str:
    """The place and id of a message that is replied to and is ours, or did not come with the reply; else empty."""
    reference = message.reference
    if message.type != discord.MessageType.reply or reference is None:
        return ""
    is_ours = isinstance(reference.resolved, discord.Message) and reference.resolved.author.id == me
    return f"{reference.channel_id}/{reference.message_id}" if is_ours or reference.resolved is None else ""


def utterance(
    message: discord.Message, me: int, thread: discord.Thread | None = None, *, is_quoted: bool = False
) -> Utterance | None:
    """What a person wrote, with what they forwarded; None for bots, webhooks, and where nothing was written."""
    if message.type == discord.MessageType.thread_starter_message:
        started = message.reference.resolved if message.reference else None
        return utterance(started, me) if isinstance(started, discord.Message) else None
    if message.author.bot or message.webhook_id:
        return None
    forwarded = [f"> {line}" for each in message.message_snapshots for line in each.content.splitlines()]
    written = "\n".join(part for part in (text(message, me, thread), *forwarded) if part)
    if not written:
        return None
    author = message.author
    return Utterance(written, str(author.id), author.display_name, str(message.id), is_quoted=is_quoted)


def in_order(found: Iterable[discord.Message], me: int, thread: Any) -> list[Utterance]:
    """What people wrote in a thread, oldest first; one that no message began, begins with its title."""
    written = sorted({each.id: each for each in found}.values(), key=lambda each: each.id)
    told = filter(None, (utterance(message, me, thread) for message in written))
    said = list({each.message_id: each for each in told}.values())  # what began it may be told of twice
    is_begun = any(each.type == discord.MessageType.thread_starter_message or each.id == thread.id for each in written)
    return said if is_begun else [Utterance(thread.name, name=TITLE), *said]

"""Names that a platform did not send with what people did: looked up before a post goes out, and kept."""

import re

from bot.messenger import Messenger
from bot.models import Channel, Delivery, DeliveryKind, Question, Remark, Workspace
from bot.posts.neutralising import neutral

TALKS = (DeliveryKind.ESCALATION, DeliveryKind.HANDOFF, DeliveryKind.ASKER, DeliveryKind.HUMAN)
UNSEEN = "\u200b"
PERSON = re.compile(rf"<{UNSEEN}?@(\w{{2,32}})>")  # as posts.neutralising leaves a mention
PLACE = re.compile(rf"<{UNSEEN}?#(\w{{2,32}})>")
MOST_NAMED = 20  # people of one post; each may cost a call to the platform, and a post has a length
SOMEBODY, SOMEWHERE = "somebody", "another channel"


def introduce(delivery: Delivery, messenger: Messenger) -> None:
    """Complete a post that is about to go out, and the rows behind it, with the names of people and channels."""
    if delivery.kind not in TALKS:
        return
    question, workspace = delivery.question, delivery.channel.workspace
    if not question.asker_name and (name := messenger.name_of(workspace, question.asker)):
        Question.objects.filter(pk=question.pk).update(asker_name=name[:200])
    remark: Remark | None = getattr(delivery, "remark", None)
    if remark is not None:
        _introduce(remark, workspace, messenger)
    text = str(delivery.body.get("text", ""))
    if (called := named(text, workspace, messenger)) != text:
        delivery.body["text"] = called
        Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).update(body=delivery.body)


def _introduce(remark: Remark, workspace: Workspace, messenger: Messenger) -> None:
    """The dashboard shows remarks, and cannot ask a platform who somebody is."""
    name = remark.name or messenger.name_of(workspace, remark.person)[:200]
    text = named(remark.text, workspace, messenger)
    if (name, text) != (remark.name, remark.text):
        Remark.objects.filter(pk=remark.pk, text=remark.text).update(name=name, text=text)


def named(text: str, workspace: Workspace, messenger: Messenger) -> str:
    """`text` with people and channels by their names, which call nobody, whatever somebody calls themselves."""
    people = dict.fromkeys(PERSON.findall(text))
    names = {each: messenger.name_of(workspace, each) for each in [*people][:MOST_NAMED]}
    mentioned = Channel.objects.filter(workspace=workspace, external_id__in=PLACE.findall(text))
    places = dict(mentioned.values_list("external_id", "name"))

    def person(found: re.Match[str]) -> str:
        return f"@{UNSEEN}{neutral(names.get(found.group(1), ''), links=()) or SOMEBODY}"

    def place(found: re.Match[str]) -> str:
        return f"#{neutral(places.get(found.group(1), ''), links=()) or SOMEWHERE}"

    return PLACE.sub(place, PERSON.sub(person, text))

"""What the bot does in a channel."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from bot.models import AnswerMode, Channel, Platform, Voice, Workspace
from bot.team import circles
from knowledge.models import Collection
from knowledge.retrieval import audience
from llm.models import Deployment, ServingRole

SWITCHES = {"on": True, "off": False}
NOTHING = "none"


class Command(BaseCommand):
    help = (
        "List the channels the bot knows, or change how it answers in one. Channels are kept by id: names may change."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("channel", nargs="?", help="id or name; without it, all are listed")
        parser.add_argument(
            "--platform", choices=[Platform.SLACK, Platform.DISCORD], help="where the name is not unique"
        )
        parser.add_argument("--answer", choices=list(SWITCHES), help="does the bot answer there at all?")
        parser.add_argument("--mode", choices=AnswerMode.values, help="; ".join(f"{m}: {m.label}" for m in AnswerMode))
        parser.add_argument(
            "--collection", action="append", metavar="NAME", help=f"may be repeated; {NOTHING}: every public one"
        )
        parser.add_argument("--voice", help=f"its name; {NOTHING}: the one called default")
        parser.add_argument("--model", metavar="PROVIDER:MODEL", help=f"one that was deployed; {NOTHING}: the live one")
        parser.add_argument("--language", help=f"such as German; {NOTHING}: that of the question")
        parser.add_argument("--escalate-to", metavar="CHANNEL", help="where questions for people go (id or name)")
        parser.add_argument(
            "--call", metavar="ID", help="whom such a question calls: a person, S… (Slack) or &… (Discord)"
        )
        parser.add_argument("--refusal", metavar="TEXT", help="said where the documents hold no answer")
        parser.add_argument("--least-answerable", type=float, metavar="0..1")
        parser.add_argument("--daily-limit", type=int, metavar="N", help="questions of one person in 24 hours")
        parser.add_argument("--feedback", choices=list(SWITCHES))
        parser.add_argument("--drafts", choices=list(SWITCHES), help="does a person send what the bot writes?")
        _add_of_examples(parser)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["channel"]:
            self._list(is_json=options["json"])
            return
        channel = _find(options["channel"], options["platform"])
        for name, value in _changes(channel, options):
            setattr(channel, name, value)
        try:
            channel.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        _save(channel, _workspace_changes(channel.workspace, options))
        if options["collection"] is not None:
            channel.collections.set(_collections(options["collection"]))
        self.stdout.write(json.dumps(described(channel), ensure_ascii=False) if options["json"] else _line(channel))

    def _list(self, *, is_json: bool) -> None:
        channels = Channel.objects.select_related("workspace").order_by("workspace__platform", "workspace", "name")
        if is_json:
            self.stdout.write(
                json.dumps({"channels": [described(each) for each in channels]}, ensure_ascii=False, indent=2)
            )
            return
        for channel in channels:
            self.stdout.write(_line(channel))
        if not channels:
            self.stderr.write("The bot has seen no channel yet: mention it in one.")


def _add_of_examples(parser: CommandParser) -> None:
    """What is said of the whole workspace of a channel."""
    parser.add_argument(
        "--proposers",
        metavar="IDS",
        help="who may propose examples from the channel's workspace: people, S… (groups of Slack), &… (roles of "
        f"Discord), with commas between; {NOTHING}: whoever is in the team's channel",
    )
    parser.add_argument("--reaction", metavar="NAME", help=f"which proposes an example there; {NOTHING}: no reaction")
    parser.add_argument(
        "--own-proposals", choices=list(SWITCHES), help="is what people answered or changed there proposed by itself?"
    )


def _find(wanted: str, platform: str | None) -> Channel:
    known = Channel.objects.select_related("workspace")
    if platform:
        known = known.filter(workspace__platform=platform)
    found = list(known.filter(external_id=wanted)) or list(known.filter(name=wanted.removeprefix("#")))
    if not found:
        raise CommandError(f"The bot has not seen a channel {wanted!r}. Mention it there, or give its id.")
    if len(found) > 1:
        ids = ", ".join(f"{each.external_id} ({each.platform}, {each.workspace})" for each in found)
        raise CommandError(f"Several channels are called {wanted!r}; name one by its id: {ids}.")
    return found[0]


def _changes(channel: Channel, options: dict[str, Any]) -> list[tuple[str, Any]]:
    """Pairs of field and value for what was asked for."""
    given = {
        "is_enabled": SWITCHES.get(options["answer"]),
        "mode": options["mode"],
        "voice_name": _voice(options["voice"]),
        "language": _text(options["language"]),
        "escalation_mention": _text(options["call"]),
        "refusal_text": _text(options["refusal"]),
        "least_answerable": options["least_answerable"],
        "daily_limit": options["daily_limit"],
        "has_feedback": SWITCHES.get(options["feedback"]),
        "is_drafting": SWITCHES.get(options["drafts"]),
    }
    changes = [(name, value) for name, value in given.items() if value is not None]
    if options["model"]:
        changes.append(("deployment", _deployment(options["model"])))
    if options["escalate_to"]:
        team = None if options["escalate_to"] == NOTHING else _find(options["escalate_to"], channel.platform)
        changes.append(("escalation_channel", team))
    return changes


def _workspace_changes(workspace: Workspace, options: dict[str, Any]) -> dict[str, Any]:
    """What was asked for of the whole workspace."""
    given: dict[str, Any] = {
        "example_reaction": _text(options["reaction"]),
        "is_proposing": SWITCHES.get(options["own_proposals"]),
    }
    if options["proposers"] is not None:
        try:
            given["proposers"] = circles.read(workspace.platform, _text(options["proposers"]) or "")
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
    return {name: value for name, value in given.items() if value is not None}


@transaction.atomic
def _save(channel: Channel, of_workspace: dict[str, Any]) -> None:
    channel.save()
    if of_workspace:
        Workspace.objects.filter(pk=channel.workspace_id).update(**of_workspace)
        channel.workspace.refresh_from_db()


def _text(given: str | None) -> str | None:
    return "" if given == NOTHING else given


def _voice(given: str | None) -> str | None:
    name = _text(given)
    if name and Voice.objects.current(name) is None:
        raise CommandError(f"There is no voice called {name!r}; make one: manage.py voice {name} --guide …")
    return name


def _deployment(name: str) -> Deployment | None:
    if name == NOTHING:
        return None
    for deployment in Deployment.objects.filter(role=ServingRole.ANSWER).select_related("endpoint").order_by("-id"):
        if str(deployment) == name:
            return deployment
    raise CommandError(f"{name} was never deployed for answers; see ANSWER_MODEL in .env.example.")


def _collections(names: list[str]) -> list[Collection]:
    if names == [NOTHING]:
        return []
    try:
        return list(Collection.objects.filter(pk__in=audience.collection_ids(names)))
    except audience.UnknownCollectionError as error:
        raise CommandError(str(error)) from error


def described(channel: Channel) -> dict[str, object]:
    return {
        "platform": channel.platform,
        "workspace": str(channel.workspace),
        "id": channel.external_id,
        "name": channel.name,
        "answers": channel.is_enabled,
        "mode": channel.mode,
        "has_outsiders": channel.has_outsiders,
        "collections": [each.name for each in channel.collections.all()],
        "voice": channel.voice_name,
        "model": str(channel.deployment) if channel.deployment else None,
        "language": channel.language,
        "escalates_to": channel.team_channel.external_id if channel.team_channel else None,
        "refusal": channel.refusal_text,
        "least_answerable": channel.least_answerable,
        "daily_limit": channel.daily_limit,
        "feedback": channel.has_feedback,
        "drafts": channel.is_drafting,
        "training_allowed": channel.workspace.is_training_allowed,
        "proposers": channel.workspace.proposers,
        "reaction": channel.workspace.example_reaction,
        "own_proposals": channel.workspace.is_proposing,
    }


def _line(channel: Channel) -> str:
    shelf = ", ".join(each.name for each in channel.collections.all()) or "every public collection"
    parts = [
        f"{channel.platform} {channel.external_id} {channel.name or '(no name yet)'}",
        (f"answers {AnswerMode(channel.mode).label}" if channel.is_enabled else "off"),
        f"searches {shelf}" + (" (public ones alone: outsiders read here)" if channel.has_outsiders else ""),
        f"questions for people go to {channel.team_channel}" if channel.team_channel else "no team channel",
    ]
    return "; ".join([*parts, *(["drafts"] if channel.is_drafting else [])])

"""What a new install still needs, as a list that ticks itself off."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.urls import reverse

from bot.models import Message, Platform, Speaker, Voice, Workspace
from bot.questions import presence
from knowledge.sample import samples
from llm.models import Budget, Deployment, ServingRole


@dataclass(frozen=True)
class Step:
    name: str
    is_done: bool
    detail: str
    url: str


def steps() -> list[Step]:
    own = samples.has_other_indexed()
    live = Deployment.objects.newest_of(ServingRole.ANSWER)
    writes = live is not None and not live.is_quoting
    return [
        Step("Add your documents", own, "Files, a website, a help centre, a repository.", reverse("documents")),
        Step("Choose a model that writes", writes, "Without one, answers quote the documents.", reverse("models")),
        Step("Say what may be spent", Budget.objects.exists(), "A budget a day or a month.", reverse("budgets")),
        Step("Say how the company speaks", Voice.objects.exists(), "A voice called default.", reverse("voices")),
        Step("Connect Slack or Discord", _is_connected(), "Below is what they ask for.", "#platforms"),
        Step(
            "Have a bot run",
            bool(presence.alive(*_platforms())),
            "make run starts it.",
            reverse("doctor"),
        ),
        Step(
            "Say who answers what it cannot",
            _has_team(),
            "A channel of your team; without one, questions for people wait on the board and nobody is told.",
            reverse("channels"),
        ),
        Step("Ask something there", _was_asked(), "Mention the bot in a channel.", reverse("conversations")),
        Step("Invite a colleague", User.objects.filter(is_active=True).count() > 1, "With a role.", reverse("people")),
    ]


def _platforms() -> tuple[Platform, ...]:
    return (Platform.SLACK, Platform.DISCORD)


def _is_connected() -> bool:
    has_token = bool(settings.SLACK_BOT_TOKEN or settings.DISCORD_BOT_TOKEN)
    return has_token or Workspace.objects.filter(platform__in=_platforms(), removed_at=None).exists()


def _has_team() -> bool:
    said = Q(escalation_channel__isnull=False) | Q(channels__escalation_channel__isnull=False)
    return Workspace.objects.filter(said).exists()


def _was_asked() -> bool:
    return Message.objects.filter(speaker=Speaker.BOT, conversation__platform__in=_platforms()).exists()

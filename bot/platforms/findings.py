"""What a look at a platform found, and the looks that every platform needs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from django.utils import timezone

from bot.models import Channel, Escalation, Workspace
from bot.questions import presence

CLOCK_SECONDS = 60  # Slack refuses what is five minutes off; a minute is a sign that nobody sets the clock


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `advice` says what to do where it is not well."""

    platform: str
    subject: str
    is_ok: bool
    detail: str
    advice: str = ""


def channels(workspace: Workspace, fault_of: Callable[[Channel], str]) -> Iterator[Finding]:
    """The channels where the bot is to answer, and those where questions for people go."""
    teams = {each.team_channel for each in workspace.channels.filter(is_enabled=True)} - {None}
    for channel in sorted(filter(None, teams), key=lambda each: each.pk):
        fault = fault_of(channel)
        yield Finding(
            workspace.platform, f"team channel {channel}", not fault, fault or "Questions for people arrive there.",
            "Invite the bot into it (/invite in Slack; the channel's permissions in Discord)." if fault else "",
        )  # fmt: skip
    if not teams:
        waiting = Escalation.objects.told_nobody().filter(question__channel__workspace=workspace).count()
        told = f"Nobody has said where questions for people go; {waiting} wait on the dashboard, and nobody is told."
        yield Finding(
            workspace.platform, f"team channel of {workspace}", False, told,
            "manage.py channel NAME_OR_ID --escalate-to NAME_OR_ID",
        )  # fmt: skip


def clock(platform: str, date: str | None) -> Finding:
    if not date:
        return Finding(platform, "clock", True, "The platform did not tell the time.")
    off = abs((timezone.now() - parsedate_to_datetime(date)).total_seconds())
    is_ok = off < CLOCK_SECONDS
    return Finding(
        platform, "clock", is_ok, f"The clock of this machine is {off:.0f} s off.",
        "" if is_ok else "Have it set by NTP; Slack's requests are refused when it is five minutes off.",
    )  # fmt: skip


def running(platform: str) -> Finding:
    alive = presence.alive(platform)
    is_ok = any(each.is_connected for each in alive)
    if is_ok:
        return Finding(platform, "process", True, f"{len(alive)} running and connected.")
    detail = "It runs, but is not connected." if alive else "No bot process runs."
    return Finding(platform, "process", False, detail, f"Start it: manage.py runbot {platform} (make run does).")

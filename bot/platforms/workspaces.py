"""Which workspaces Parley is in, who it is there, and with which token it speaks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.cache import caches
from django.db import transaction
from django.utils import timezone

from bot.models import Platform, Workspace
from foundation import secrets

CONNECTED_SECONDS = 60.0
REFRESHED_BEFORE = timedelta(hours=2)  # of the twelve that a rotating token lives


@dataclass(frozen=True)
class Tokens:
    """What an exchange gave. `seconds` is how long `token` lives; 0: until it is revoked."""

    token: str
    refresh_token: str = ""
    seconds: int = 0


Refresh = Callable[[str], Tokens]  # of a refresh token, which is worthless afterwards


def slack_token(workspace: Workspace) -> str:
    """The token of a workspace: its own where it installed the app, else that of the settings; empty without any."""
    return secrets.decrypt(workspace.token) if workspace.token else settings.SLACK_BOT_TOKEN


def install(workspace: Workspace, tokens: Tokens, *, scopes: str) -> None:
    """Keep what an installation gave; a second one of the same workspace replaces the first."""
    Workspace.objects.filter(pk=workspace.pk).update(scopes=scopes, installed_at=timezone.now(), **_kept(tokens))


def introduce(platform: Platform, external_id: str, *, name: str, bot_user_id: str, bot_id: str = "") -> Workspace:
    """Keep who we are in a workspace whose token the settings hold."""
    workspace, _ = Workspace.objects.update_or_create(
        platform=platform,
        external_id=external_id,
        defaults={"name": name, "bot_user_id": bot_user_id, "bot_id": bot_id, "removed_at": None},
    )
    return workspace


def _kept(tokens: Tokens) -> dict[str, object]:
    expires_at = timezone.now() + timedelta(seconds=tokens.seconds) if tokens.seconds else None
    return {
        "token": secrets.encrypt(tokens.token),
        "refresh_token": secrets.encrypt(tokens.refresh_token),
        "token_expires_at": expires_at,
    }


def refresh_due(platform: Platform, refresh: Refresh) -> int:
    """Exchange the tokens that run out soon; each by one process alone, as the old refresh token dies with its use."""
    soon = timezone.now() + REFRESHED_BEFORE
    due = Workspace.objects.filter(platform=platform, token_expires_at__lt=soon, removed_at=None)
    count = 0
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            workspace = due.select_for_update(skip_locked=True).filter(pk=pk).first()
            if workspace is not None:
                tokens = refresh(secrets.decrypt(workspace.refresh_token))
                Workspace.objects.filter(pk=pk).update(**_kept(tokens))
                count += 1
    return count


def remove(platform: Platform, external_id: str) -> None:
    """The workspace took the app away: its tokens are worthless and are forgotten."""
    Workspace.objects.filter(platform=platform, external_id=external_id).update(
        token="", refresh_token="", token_expires_at=None, removed_at=timezone.now()
    )


def connected(platform: Platform, external_id: str) -> Workspace | None:
    """The row of a workspace, believed for a minute, as every event asks for it; None for one nobody has connected."""
    key = f"workspace:{platform}:{external_id}"
    found: Workspace | None = caches["process"].get(key)
    if found is None:
        found = Workspace.objects.filter(platform=platform, external_id=external_id).first()
        if found is not None:
            caches["process"].set(key, found, CONNECTED_SECONDS)
    return found

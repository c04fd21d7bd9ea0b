"""The fake Slack's tokens: which call may use which, scopes, OAuth and rotation."""

import secrets
import time
from dataclasses import dataclass

from tests.fakes.slack.rules import Json, SlackError, refuse_if
from tests.fakes.slack.world import World

ARGUMENTS = {"oauth.v2.access": ("", "client_id client_secret code redirect_uri grant_type refresh_token")}
NEEDED = {
    "chat.": "chat:write", "users.info": "users:read", "users.list": "users:read", "reactions.": "reactions:write",
    "team.": "team:read", "usergroups.": "usergroups:read",
    "conversations.join": "channels:join", "conversations.open": "im:write", "conversations.": "channels:read",
}  # fmt: skip


@dataclass
class Token:
    team_id: str
    expires: float | None = None
    is_app: bool = False


class Tokens:
    def __init__(self, world: World) -> None:
        self.world = world
        self.knobs = knobs = world.knobs
        self.known = {knobs.bot_token: Token(world.team_id), knobs.app_token: Token(world.team_id, is_app=True)}
        self.revoked: set[str] = set()
        self.codes: dict[str, str] = {}
        self.refresh_tokens: dict[str, str] = {}

    def check(self, method: str, given: str) -> None:
        refuse_if(not given, "not_authed")
        token = self.known.get(given)
        refuse_if(given in self.revoked, "token_revoked")
        if token is None:
            raise SlackError("invalid_auth")
        refuse_if(token.expires and time.time() > token.expires, "token_expired")
        needs_app = method == "apps.connections.open"
        refuse_if(token.is_app != needs_app and method != "auth.test", "not_allowed_token_type")
        if needs_app:
            return
        scope = next((scope for start, scope in NEEDED.items() if method.startswith(start)), "")
        if scope and scope not in self.knobs.scopes.split(","):
            raise SlackError("missing_scope", needed=scope, provided=self.knobs.scopes)

    def auth_test(self, token: str) -> Json:
        team = self.known[token].team_id
        base = {"url": "https://fake.slack.com/", "team": "Fake", "team_id": team, "is_enterprise_install": False}
        base |= {"enterprise_id": self.knobs.enterprise_id} if self.knobs.enterprise_id else {}
        if self.known[token].is_app:
            return base | {"app_id": self.world.app_id, "app_name": self.world.bot_name}
        world = self.world
        return base | {"user": world.bot_name, "user_id": world.bot_user_id, "bot_id": world.bot_id}

    def revoke(self, token: str, *, test: bool) -> Json:
        if not test:
            self.revoked.add(token)
        return {"revoked": not test}

    def add_code(self, code: str, team_id: str = "T1") -> str:
        """A code as the browser brings it back from Slack's consent page."""
        self.codes[code] = team_id
        return code

    def access(self, params: Json, client: tuple[str, str]) -> Json:
        given = (str(params.get("client_id") or client[0]), str(params.get("client_secret") or client[1]))
        refuse_if(given[0] != self.knobs.client_id, "invalid_client_id")
        refuse_if(given[1] != self.knobs.client_secret, "bad_client_secret")
        if params.get("grant_type") == "refresh_token":
            team = self.refresh_tokens.pop(str(params.get("refresh_token")), "")
            refuse_if(not team, "invalid_refresh_token")
        else:
            refuse_if(not params.get("code"), "invalid_code")
            team = self.codes.pop(str(params["code"]), "")
            refuse_if(not team, "invalid_code")
        return self._issue(team)

    def _issue(self, team: str) -> Json:
        access, refresh = f"xoxe.xoxb-1-{secrets.token_hex(16)}", f"xoxe-1-{secrets.token_hex(16)}"
        self.known[access] = Token(team, time.time() + self.knobs.token_seconds)
        self.refresh_tokens[refresh] = team
        return {
            "app_id": self.world.app_id, "token_type": "bot", "access_token": access, "refresh_token": refresh,
            "expires_in": self.knobs.token_seconds, "scope": self.knobs.scopes, "bot_user_id": self.world.bot_user_id,
            "team": {"id": team, "name": "Fake"}, "enterprise": None, "is_enterprise_install": False,
            "authed_user": {"id": "UADMIN"},
        }  # fmt: skip

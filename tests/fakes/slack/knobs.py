"""What a test may set on the fake Slack at any time."""

SCOPES = (
    "app_mentions:read,assistant:write,channels:history,channels:join,channels:read,chat:write,commands,"
    "groups:history,groups:read,im:history,im:read,im:write,mpim:history,mpim:read,reactions:read,"
    "reactions:write,team:read,usergroups:read,users:read"
)


class Knobs:
    def __init__(self) -> None:
        self.team_id, self.app_id, self.bot_user_id, self.bot_id, self.bot_name = "T1", "A1", "UBOT", "BBOT", "parley"
        self.bot_token, self.app_token = "xoxb-fake-0123456789", "xapp-fake-0123456789"
        self.signing_secret = "fake-signing-secret"
        self.client_id, self.client_secret = "1.2", "fake-client-secret"
        self.enterprise_id = ""  # of the organisation that the workspace belongs to
        self.scopes = SCOPES
        self.events_url: str | None = None  # set: events are POSTed there instead of sent over sockets
        self.refuse_sockets = False
        self.enforce_rates = False
        self.ago = 0.0  # the seconds by which what is written lies back; to be made smaller only
        self.notice_seconds = 0.5  # after which whoever was asked to wait is known to have read it
        self.echo = True  # the bot's own messages come back as events, as they do from Slack
        self.max_calls: int | None = None  # keep about so many calls and acks
        self.ack_seconds = 3.0
        self.redelivery_delays: tuple[float, ...] = (0.0, 1.0, 5.0)
        self.ticket_seconds = 30.0
        self.goodbye_seconds = 5.0  # from the disconnect notice to the closing of the socket
        self.stream_seconds = 300.0
        self.trigger_seconds = 3.0
        self.response_uses, self.response_seconds = 5, 1800.0
        self.token_seconds = 43_200

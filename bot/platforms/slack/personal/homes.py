"""The app's home page, as one person sees it, and what others asked where they begin to write. Made when it is opened.

Shown is what that person would be answered from in a direct message: public documents alone to guests, and to whoever
Slack does not know, who are not shown either what colleagues asked. The day's figures are for whoever is in the channel
where questions for people go, and nobody else.
"""

import logging
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from bot.answers import channel_rules
from bot.messenger import DeliveryError
from bot.models import OPEN, Channel, EscalationState, Platform, Question, Workspace
from bot.platforms.slack import members
from bot.platforms.slack.events import HomeOpened
from bot.platforms.slack.web_api import call, client_for
from bot.posts.neutralising import neutral, slack_escaped
from bot.posts.post import age
from bot.questions.popular import popular
from bot.team import days
from bot.team.circles import Circle
from bot.wording import phrases, speech
from bot.wording.speech import Speech
from foundation.text import shortened
from knowledge.models import Collection, DocumentState
from llm.spending import money

log = logging.getLogger(__name__)

Block = dict[str, Any]
COLLECTIONS, QUESTIONS, PROMPTS = 30, 20, 4  # that are listed; Slack takes 100 blocks, and four prompts
ASKED, TITLE, SECTION = 150, 75, 3000  # characters of a question, of a prompt, of a block
_publishing = ThreadPoolExecutor(2, thread_name_prefix="home")


def opened(workspace: Workspace, what: HomeOpened) -> None:
    """Show what there is to see, in a thread of its own: the event is acknowledged meanwhile."""
    _publishing.submit(_show, workspace, what).add_done_callback(_note)


def _note(shown: "Future[None]") -> None:
    if error := shown.exception():
        log.error("The home page could not be made", exc_info=error)


def _show(workspace: Workspace, what: HomeOpened) -> None:
    try:
        suggest(workspace, what) if what.is_chat else publish(workspace, what)
    except (DeliveryError, DatabaseError) as error:
        log.warning("Nothing is shown to %s who opened the app: %s", what.person, error)
    finally:
        connection.close()


def suggest(workspace: Workspace, what: HomeOpened) -> None:
    """Offer what colleagues asked; nothing where nothing is good enough. Raises DeliveryError."""
    found = _asked(workspace, _searchable(workspace, what, is_outsider=True))
    if not found or _is_outsider(workspace, what.person):
        return
    prompts = [{"title": shortened(each, TITLE), "message": each} for each in found]
    title = _speech(workspace, what.person).say(phrases.HOME_ASKED)
    client = client_for(workspace)
    call(client, "assistant.threads.setSuggestedPrompts", channel_id=what.channel, title=title, prompts=prompts)


def publish(workspace: Workspace, what: HomeOpened) -> None:
    """Show the home page to whoever opened it. Raises DeliveryError."""
    view = {"type": "home", "blocks": blocks(workspace, what)}
    call(client_for(workspace), "views.publish", user_id=what.person, view=view)


def blocks(workspace: Workspace, what: HomeOpened) -> list[Block]:
    spoken = _speech(workspace, what.person)
    is_outsider = _is_outsider(workspace, what.person)
    searched = _searchable(workspace, what, is_outsider=is_outsider)
    found = [_text(spoken.say(phrases.HOME_HELLO))]
    found += _chapter(spoken.say(phrases.HOME_KNOWLEDGE), _known(searched, spoken), spoken.say(phrases.HOME_NOTHING))
    found += _chapter(spoken.say(phrases.HOME_HOW), [spoken.say(phrases.HELP)])
    if not is_outsider and (asked := _asked(workspace, searched)):
        quoted = [slack_escaped(f"“{neutral(each, links=())}”") for each in asked]
        found += _chapter(spoken.say(phrases.HOME_ASKED), quoted)
    waiting = _open_questions(workspace, what.person, spoken)
    found += _chapter(spoken.say(phrases.HOME_OPEN), waiting, spoken.say(phrases.HOME_NONE_OPEN))
    if not is_outsider and _is_of_team(workspace, what.person):
        found += _chapter("Today", [_figures(workspace)])
    return found


def _asked(workspace: Workspace, searched: list[int]) -> list[str]:
    return popular(Platform.SLACK, workspace.external_id, searched, limit=PROMPTS)


def _is_outsider(workspace: Workspace, person: str) -> bool:
    try:
        return members.is_outsider(workspace, person)
    except DeliveryError as error:
        log.warning(
            "Whether %s is of %s is not known, so they see public documents alone: %s", person, workspace, error
        )
        return True


def _searchable(workspace: Workspace, what: HomeOpened, *, is_outsider: bool) -> list[int]:
    direct = Channel.objects.of(Platform.SLACK, workspace.external_id, what.channel).first()
    if direct is None:
        return sorted(Collection.objects.public().values_list("pk", flat=True))
    return channel_rules.searchable(direct, has_outsiders=is_outsider)


def _speech(workspace: Workspace, person: str) -> Speech:
    asked = _questions(workspace, person).order_by("-id").values_list("text", flat=True)[: speech.BEFORE]
    return speech.like(asked)


def _questions(workspace: Workspace, person: str) -> Any:
    return Question.objects.filter(channel__workspace=workspace, asker=person)


def _known(searched: list[int], spoken: Speech) -> Iterable[str]:
    is_there = Q(document__state=DocumentState.INDEXED)
    changed = Coalesce(F("document__live_version__modified_at"), F("document__live_version__created_at"))
    shelves = Collection.objects.filter(pk__in=searched).annotate(
        count=Count("document", filter=is_there), changed=Max(changed, filter=is_there)
    )
    now = timezone.now()
    rows = shelves.filter(count__gt=0).order_by("name").values_list("name", "count", "changed")
    for name, count, changed in rows[:COLLECTIONS]:
        told = {"name": slack_escaped(name), "count": count, "changed": age(changed, now, spoken)}
        yield spoken.say(phrases.HOME_COLLECTION, **told)


def _open_questions(workspace: Workspace, person: str, spoken: Speech) -> Iterable[str]:
    with_team = Q(escalation__state__in=[EscalationState.OPEN, EscalationState.CLAIMED])
    found = _questions(workspace, person).filter(Q(state__in=OPEN) | with_team).order_by("-id")
    words = {"open": phrases.HOME_WITH_TEAM, "claimed": phrases.HOME_TAKEN}
    for text, state in found.values_list("text", "escalation__state")[:QUESTIONS]:
        told = spoken.say(words.get(state, phrases.HOME_WAITING))
        yield f"“{slack_escaped(shortened(' '.join(text.split()), ASKED))}”  ·  {told}"


def _is_of_team(workspace: Workspace, person: str) -> bool:
    team = workspace.escalation_channel
    try:
        return team is not None and members.is_in(Circle(workspace, frozenset(), team), person)
    except DeliveryError as error:
        log.warning("Whether %s is of the team is not known, so they see no figures: %s", person, error)
        return False


def _figures(workspace: Workspace) -> str:
    day = days.since(workspace, _midnight(timezone.now()))
    cost = money.sum_label(day.cost, unpriced=day.unpriced)
    return (
        f"Asked {day.asked}  ·  answered {day.answered}  ·  handed to people {day.handed_over}  ·  "
        f"👍 {day.liked}  👎 {day.disliked}  ·  cost {cost}"
    )


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _chapter(title: str, lines: Iterable[str], otherwise: str = "") -> list[Block]:
    """A title and a block for each line, or `otherwise` where there is none."""
    header = {"type": "header", "text": {"type": "plain_text", "text": title[:150]}}
    return [header, *(_text(line) for line in [*lines] or [otherwise])]


def _text(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:SECTION]}}

"""What an asker sees while their answer is on its way: a status that changes, and a button that stops it.

Slack shows a status for two minutes, or until the bot writes into the thread. The stop button comes with a session that
is "processing", and stays until it is "active" again; docs.slack.dev, agent sessions.
"""

import logging

from bot.messenger import AnswerStage, DeliveryError
from bot.models import Question
from bot.platforms.slack import web_api
from bot.platforms.slack.web_api import SlackRefusedError, call, client_for
from bot.wording import phrases, speech
from bot.wording.phrases import Phrase

log = logging.getLogger(__name__)

SECONDS = 3  # of a call that is only a courtesy: the answer waits for it
# Published for agents.sessions.setStatus: fifty a minute. Each session takes two, and the second one must go through.
SESSION, SESSION_SECONDS, AT_ONCE = "agents.sessions.setStatus", 4.0, 10
REFUSED_SECONDS = 3600.0  # for which an app that may have no sessions is not asked for one
PROCESSING, ACTIVE = "processing", "active"
SEEN = (phrases.IS_LOOKING, (phrases.LOOKING, phrases.READING, phrases.WORDING))
OF_STAGE: dict[AnswerStage, tuple[Phrase, tuple[Phrase, ...]]] = {
    AnswerStage.READING: (phrases.IS_READING, (phrases.READING, phrases.COMPARING, phrases.WORDING)),
    AnswerStage.WRITING: (phrases.IS_WRITING, ()),
}


class Signs:
    """Those of one process. Nothing here raises; what does not come through is no loss."""

    def __init__(self) -> None:
        self._sessions: set[int] = set()  # questions whose thread has a stop button

    def see(self, question: Question) -> None:
        """The question was seen: a status, or a pair of eyes where there can be none."""
        if _status(question, *SEEN):
            return
        where = {"channel": question.channel.external_id, "timestamp": question.message_id}
        _try(question, "reactions.add", **where, name="eyes")

    def progress(self, question: Question, stage: AnswerStage) -> None:
        if stage == AnswerStage.OVER:
            _clear(question)
            self.end(question)
        elif stage == AnswerStage.READING:
            _status(question, *OF_STAGE[stage])
            self._begin(question)
        elif question.channel.is_drafting:  # else the words themselves are there in a moment
            _status(question, *OF_STAGE[stage])

    def wait(self, question: Question, before: int) -> None:
        spoken = speech.of(question)
        said = spoken.say(phrases.BEFORE_YOURS, count=before) if before else spoken.say(phrases.YOURS_IS_NEXT)
        _show(question, said, [])

    def _begin(self, question: Question) -> None:
        """Show the stop button, where enough calls are left that it can be taken away again."""
        name = f"{SESSION}/{question.channel.workspace_id}"
        if web_api.windows.left(name) or web_api.windows.turn(f"{name}/begin", SESSION_SECONDS, at_once=AT_ONCE):
            return
        if _try(question, SESSION, **_thread(question), status=PROCESSING, initiator_user_id=question.asker):
            self._sessions.add(question.pk)
        else:
            web_api.windows.open(name, REFUSED_SECONDS)

    def has_session(self, question: Question) -> bool:
        """Whether there is, or may be, a stop button in its thread: an attempt that was killed leaves one behind."""
        return question.pk in self._sessions or question.attempts > 1

    def end(self, question: Question) -> None:
        """Take the stop button away, as the answer is there or nobody writes it any more."""
        if self.has_session(question):
            self.forget(question)
            _try(question, SESSION, **_thread(question), status=ACTIVE)

    def forget(self, question: Question) -> None:
        """It was taken away with the end of a stream."""
        self._sessions.discard(question.pk)


def _status(question: Question, status: Phrase, turning: tuple[Phrase, ...]) -> bool:
    spoken = speech.of(question)
    return _show(question, spoken.say(status), [spoken.say(each) for each in turning])


def _show(question: Question, status: str, turning: list[str]) -> bool:
    more = {"loading_messages": turning} if turning else {}
    return _try(question, "assistant.threads.setStatus", **_thread(question), status=status, **more)


def _clear(question: Question) -> None:
    _try(question, "assistant.threads.setStatus", **_thread(question), status="")


def _thread(question: Question) -> dict[str, str]:
    return {"channel_id": question.channel.external_id, "thread_ts": question.conversation.thread_id}


def _try(question: Question, method: str, **params: object) -> bool:
    """Whether Slack did it. False where it refused; what is not known counts as done."""
    if question.is_private:
        return True  # nothing that its asker sees could be taken back
    try:
        call(client_for(question.channel.workspace, seconds=SECONDS), method, **params)
    except SlackRefusedError as error:
        log.info("%s was refused for question %s: %s", method, question.pk, error)
        return error.code == "ratelimited"
    except DeliveryError as error:
        log.info("%s did not come through for question %s: %s", method, question.pk, error)
    return True

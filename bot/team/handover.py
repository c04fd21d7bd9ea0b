"""How a question that was handed to people goes on: its states, and every step from one to the next.

The table is the only place that says so: a step that it does not have is refused, and docs/platforms.md draws it.
"""

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.models import Escalation, EscalationState, Question

log = logging.getLogger(__name__)

NOWHERE, OPEN, CLAIMED, CLOSED = "", EscalationState.OPEN, EscalationState.CLAIMED, EscalationState.ANSWERED


class Step(StrEnum):
    """What somebody does; the words stand in the diagram."""

    HAND_OVER = "the asker wants a person, or no attempt to answer came through"
    DRAFT = "the bot writes a draft"
    REMIND = "nobody claims it"
    CLAIM = "a person claims it"
    ASKER_WRITES = "the asker writes: it goes to the team"
    TEAM_WRITES = "who claimed it writes: it goes to the asker"
    ASK_BOT = "the asker asks the bot, which answers"
    SEND = "a person sends the draft"
    ANSWER = "a person closes it"
    SOLVE = "the asker says it is solved"
    ASK_AGAIN = "the asker asks for a person again"
    REOPEN = "a person opens it again"


@dataclass(frozen=True)
class Edge:
    """`start` is NOWHERE where no question was handed over yet."""

    start: str
    step: Step
    end: EscalationState


EDGES = (
    Edge(NOWHERE, Step.HAND_OVER, OPEN),
    Edge(NOWHERE, Step.DRAFT, OPEN),
    Edge(OPEN, Step.REMIND, OPEN),
    Edge(OPEN, Step.ASKER_WRITES, OPEN),
    Edge(OPEN, Step.ASK_BOT, OPEN),
    Edge(OPEN, Step.CLAIM, CLAIMED),
    Edge(OPEN, Step.SEND, CLOSED),
    Edge(OPEN, Step.ANSWER, CLOSED),
    Edge(OPEN, Step.SOLVE, CLOSED),
    Edge(CLAIMED, Step.ASKER_WRITES, CLAIMED),
    Edge(CLAIMED, Step.TEAM_WRITES, CLAIMED),
    Edge(CLAIMED, Step.ASK_BOT, CLAIMED),
    Edge(CLAIMED, Step.SEND, CLOSED),
    Edge(CLAIMED, Step.ANSWER, CLOSED),
    Edge(CLAIMED, Step.SOLVE, CLOSED),
    Edge(CLOSED, Step.ASK_BOT, CLOSED),
    Edge(CLOSED, Step.ASK_AGAIN, OPEN),
    Edge(CLOSED, Step.REOPEN, CLAIMED),
)
_ENDS = {(edge.start, edge.step): edge.end for edge in EDGES}
_SHOWN = {NOWHERE: "[*]", OPEN: "open", CLAIMED: "claimed", CLOSED: "closed"}


def locked(question: Question) -> Escalation | None:
    """How a question stands that was handed over, nobody else's to change until this transaction ends; None where it
    was not. What is locked is the question, which everything about it waits for."""
    Question.objects.select_for_update().only("pk").get(pk=question.pk)
    return Escalation.objects.filter(question=question).first()


def advance(escalation: Escalation, step: Step, **changes: Any) -> bool:
    """Take a step from the state of a row that `locked` gave; False, and nothing changed, where the table has none."""
    start = escalation.state
    end = _ENDS.get((start, step))
    if end is None:
        return False
    for name, value in {**changes, "state": end}.items():
        setattr(escalation, name, value)
    escalation.save(update_fields=[*changes, "state"])
    note(start, step, end)
    return True


def note(start: str, step: Step, end: str) -> None:
    """Say in the log which edge was walked."""
    log.info("handed over: %s, %s, %s", start or "nowhere", step.name, end)


def diagram() -> str:
    """The table as a state diagram, in Mermaid."""
    lines = [f"    {_SHOWN[edge.start]} --> {_SHOWN[edge.end]}: {edge.step}" for edge in EDGES]
    return "\n".join(["stateDiagram-v2", *lines])

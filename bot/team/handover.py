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


class Move(StrEnum):
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
    move: Move
    end: EscalationState


EDGES = (
    Edge(NOWHERE, Move.HAND_OVER, OPEN),
    Edge(NOWHERE, Move.DRAFT, OPEN),
    Edge(OPEN, Move.REMIND, OPEN),
    Edge(OPEN, Move.ASKER_WRITES, OPEN),
    Edge(OPEN, Move.ASK_BOT, OPEN),
    Edge(OPEN, Move.CLAIM, CLAIMED),
    Edge(OPEN, Move.SEND, CLOSED),
    Edge(OPEN, Move.ANSWER, CLOSED),
    Edge(OPEN, Move.SOLVE, CLOSED),
    Edge(CLAIMED, Move.ASKER_WRITES, CLAIMED),
    Edge(CLAIMED, Move.TEAM_WRITES, CLAIMED),
    Edge(CLAIMED, Move.ASK_BOT, CLAIMED),
    Edge(CLAIMED, Move.SEND, CLOSED),
    Edge(CLAIMED, Move.ANSWER, CLOSED),
    Edge(CLAIMED, Move.SOLVE, CLOSED),
    Edge(CLOSED, Move.ASK_BOT, CLOSED),
    Edge(CLOSED, Move.ASK_AGAIN, OPEN),
    Edge(CLOSED, Move.REOPEN, CLAIMED),
)
_ENDS = {(edge.start, edge.move): edge.end for edge in EDGES}
_SHOWN = {NOWHERE: "[*]", OPEN: "open", CLAIMED: "claimed", CLOSED: "closed"}


def locked(question: Question) -> Escalation | None:
    """How a question stands that was handed over, nobody else's to change until this transaction ends; None where it
    was not. What is locked is the question, which everything about it waits for."""
    Question.objects.select_for_update().only("pk").get(pk=question.pk)
    return Escalation.objects.filter(question=question).first()


def advance(escalation: Escalation, move: Move, **changes: Any) -> bool:
    """Take a step from the state of a row that `locked` gave; False, and nothing changed, where the table has none."""
    start = escalation.state
    end = _ENDS.get((start, move))
    if end is None:
        return False
    for name, value in {**changes, "state": end}.items():
        setattr(escalation, name, value)
    escalation.save(update_fields=[*changes, "state"])
    note(start, move, end)
    return True


def note(start: str, move: Move, end: str) -> None:
    """Say in the log which edge was walked."""
    log.info("handed over: %s, %s, %s", start or "nowhere", move.name, end)


def diagram() -> str:
    """The table as a state diagram, in Mermaid."""
    lines = [f"    {_SHOWN[edge.start]} --> {_SHOWN[edge.end]}: {edge.move}" for edge in EDGES]
    return "\n".join(["stateDiagram-v2", *lines])

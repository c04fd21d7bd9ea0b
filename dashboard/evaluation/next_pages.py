"""Where each verdict is acted upon."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.urls import reverse

from dashboard.guard import roles
from dashboard.guard.roles import Role
from evaluation.advice.advisor import AdviceVerdict, Layer

# The address, what its button says, and the least role that may open it.
NEXT: dict[AdviceVerdict, tuple[str, str, Role]] = {
    AdviceVerdict.STAY_RAG: ("documents", "Look after the documents", Role.VIEWER),
    AdviceVerdict.FIX_RETRIEVAL: ("bench", "Try the retrieval", Role.VIEWER),
    AdviceVerdict.MEASURE: ("conversations", "Look for cases", Role.VIEWER),
    AdviceVerdict.IMPROVE_PROMPT: ("voices", "Change the voice", Role.VIEWER),
    AdviceVerdict.COLLECT_EXAMPLES: ("review", "Review answers", Role.REVIEWER),
    AdviceVerdict.PILOT: ("examples", "Look at the examples", Role.VIEWER),
    AdviceVerdict.TUNE: ("examples", "Look at the examples", Role.VIEWER),
    AdviceVerdict.CLASSIFY_SMALL: ("examples", "Look at the examples", Role.VIEWER),
}


@dataclass(frozen=True)
class NextPage:
    url: str
    label: str


def next_page(user: User, layer: Layer) -> NextPage | None:
    """None where the page is not open to this person."""
    name, label, least = NEXT[layer.verdict]
    return NextPage(reverse(name), label) if roles.has(user, least) else None

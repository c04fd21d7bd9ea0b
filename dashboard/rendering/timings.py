"""How long the stages of an answer took, as a bar. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

LABELS = {
    "embed": "Understand the question",
    "search": "Search the documents",
    "think": "Wait for the first word",
    "write": "Write the answer",
}


@dataclass(frozen=True)
class Stage:
    """A stage of an answer. `left` and `width` place it on a bar 100 wide."""

    name: str
    label: str
    milliseconds: float
    left: float
    width: float


def stages(searched: Mapping[str, float], first_token_ms: float | None, total_ms: float | None) -> list[Stage]:
    """The stages in order of time, whose lengths add up to `total_ms`.

    `searched` has the milliseconds of "embed" and "search"; `first_token_ms` and `total_ms` count from the question.
    """
    total = total_ms or 0.0
    embed, search = searched.get("embed", 0.0), searched.get("search", 0.0)
    first = total if first_token_ms is None else first_token_ms
    lengths = {
        "embed": embed,
        "search": search,
        "think": max(first - embed - search, 0.0),
        "write": max(total - max(first, embed + search), 0.0),
    }
    scale = 100 / max(sum(lengths.values()), 1e-9)
    placed = []
    left = 0.0
    for name, length in lengths.items():
        placed.append(Stage(name, LABELS[name], length, round(left, 3), round(length * scale, 3)))
        left += length * scale
    return placed

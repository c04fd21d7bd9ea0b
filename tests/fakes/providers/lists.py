"""What the fake server tells of its models: the lists of both protocols, and what other servers have beside theirs."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.providers.batching import RefusedError

Json = dict[str, Any]
PAGE = 1000  # the most that Anthropic's list gives at a time


class FakeLists:
    """`listed` are the models in the server's own words, `refusal` a status in place of the list, `shutdown_date` that
    of every model. `doors` is what stands behind other paths; "/api/show NAME" is what Ollama's POST tells."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.shutdown_date: str | None = None
        self.listed: list[Any] | None = None
        self.refusal = 0
        self.doors: Json = {}
        self.asked: list[str] = []

    def get(self, path: str, *, is_anthropic: bool) -> Json:
        """Raises RefusedError."""
        self.asked.append(path)
        split = urlsplit(path)
        model = {"object": "model", "created": 0, "owned_by": "us"}
        if split.path.startswith("/v1/models/"):
            return {**model, "id": split.path.rpartition("/")[2], "shutdown_date": self.shutdown_date}
        if split.path != "/v1/models":
            return self.door(path)
        if self.refusal:
            raise RefusedError(self.refusal, "Not Found")
        listed = [{**model, "id": "fake-model"}] if self.listed is None else self.listed
        if not is_anthropic:
            return {"object": "list", "data": listed}
        return _page(listed, {name: values[0] for name, values in parse_qs(split.query).items()})

    def door(self, name: str) -> Json:
        """Raises RefusedError."""
        if name not in self.doors:
            raise RefusedError(404, "Not Found")
        told: Json = self.doors[name]
        return told


def _page(listed: list[Any], asked: Json) -> Json:
    """A part of Anthropic's list, from behind `after_id` on."""
    if unknown := set(asked) - {"limit", "after_id", "before_id"}:
        raise RefusedError(400, f"{sorted(unknown)[0]}: Extra inputs are not permitted")
    limit = int(asked.get("limit", 20))
    if not 1 <= limit <= PAGE:
        raise RefusedError(400, f"limit: has to be from 1 to {PAGE}")
    start = next((place + 1 for place, each in enumerate(listed) if each["id"] == asked.get("after_id")), 0)
    page = listed[start : start + limit]
    ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {"first_id": None, "last_id": None}
    return {"data": page, "has_more": len(listed) > start + limit, **ends}

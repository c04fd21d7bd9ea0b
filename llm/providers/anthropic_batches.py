"""Anthropic's message batches: requests in one call, results as a stream of lines once all is over.

anthropic-python 2.x, resources/messages/batches.py. An order carries no word of ours, only its lines' names, which are
told when it has ended. One of as many lines, made since we set out to order, may therefore be ours until then.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice, takewhile
from typing import Any

import anthropic

from llm.completion import ProviderError, redacted
from llm.providers.anthropic import client, completed, request_body
from llm.providers.batches import KEY_SHOWN, Batches, BatchLine, BatchReply, BatchReport, BatchState, cancelled, expired
from llm.providers.faults import status_error, translated

log = logging.getLogger(__name__)

STATES = {"in_progress": BatchState.GOING, "canceling": BatchState.GOING, "ended": BatchState.ENDED}
MOST_LINES = 100_000
MOST_LOOKED_AT = 1000
CLOCKS_APART = 600.0  # seconds that the vendor's clock may be behind ours
SECONDS = 300.0


class AnthropicBatches(Batches):
    def probe(self) -> bool:
        with translated(anthropic, api_key=self.api_key):
            try:
                self._api.messages.batches.list(limit=1)
            except anthropic.APIStatusError as error:
                if error.status_code in (404, 405, 501):
                    return False
                raise
        return True

    def find(self, key: str, count: int, since: float) -> str | None:
        with translated(anthropic, api_key=self.api_key):
            newest = islice(self._api.messages.batches.list(limit=100), MOST_LOOKED_AT)
            recent = takewhile(lambda each: each.created_at.timestamp() >= since - CLOCKS_APART, newest)
            alike = [each for each in recent if _size(each) == count]
            for each in alike:
                if each.processing_status == "ended" and self._is_ours(each.id, key):
                    return str(each.id)
        return None if any(each.processing_status != "ended" for each in alike) else ""

    def create(self, key: str, lines: Sequence[BatchLine], model: str) -> str:  # noqa: ARG002  the lines have names
        if len(lines) > MOST_LINES:
            raise ProviderError(f"An order may have {MOST_LINES:,} lines, not {len(lines):,}.", kind="bad_request")
        requests: Any = [{"custom_id": each.name, "params": request_body(each.prompt, model)} for each in lines]
        with translated(anthropic, api_key=self.api_key):
            order = self._api.messages.batches.create(requests=requests)
        if not order.id:
            raise ProviderError("The provider took the order and did not say what it is called.", kind="bad_reply")
        return str(order.id)

    def report(self, order: str) -> BatchReport | None:
        with translated(anthropic, api_key=self.api_key):
            try:
                told = self._api.messages.batches.retrieve(order)
            except anthropic.NotFoundError:
                return None
            word = str(getattr(told, "processing_status", ""))
            done = _size(told) - told.request_counts.processing
            return BatchReport(STATES.get(word, BatchState.UNKNOWN), word, done)

    def replies(self, order: str) -> Iterator[BatchReply]:
        with translated(anthropic, api_key=self.api_key), closing(self._results(order)) as lines:
            for each in lines:
                yield self._reply(each)

    def cancel(self, order: str) -> None:
        with translated(anthropic, api_key=self.api_key):
            try:
                self._api.messages.batches.cancel(order)
            except (anthropic.NotFoundError, anthropic.BadRequestError, anthropic.ConflictError) as error:
                log.info("The order %s is not cancelled: %s", order, redacted(error.message, self.api_key))

    def forget(self, order: str) -> None:
        with translated(anthropic, api_key=self.api_key):
            try:
                self._api.messages.batches.delete(order)
            except anthropic.NotFoundError:
                log.info("The order %s is gone already", order)

    @property
    def _api(self) -> anthropic.Anthropic:
        return client(self.base_url, self.api_key, self.is_private_allowed).with_options(timeout=SECONDS)

    def _results(self, order: str) -> Any:
        """Raises ProviderError where an order has none, as one that is archived; else as the SDK does."""
        try:
            return self._api.messages.batches.results(order)
        except anthropic.APIError:
            raise
        except anthropic.AnthropicError as error:
            raise ProviderError(f"The provider gives no results: {error}", kind="bad_reply") from error

    def _is_ours(self, order: str, key: str) -> bool:
        """Whether the lines of an order that has ended bear our key before their own names."""
        with closing(self._results(order)) as results:
            return any(each.custom_id.startswith(key[:KEY_SHOWN]) for each in islice(results, 1))

    def _reply(self, told: Any) -> BatchReply:
        name, result = str(told.custom_id), told.result
        kind = getattr(result, "type", "")
        try:
            if kind == "succeeded":
                return BatchReply(name, completed(result.message))
            if kind == "errored":
                raise status_error(0, result.error.to_dict(), {}, self.api_key)
        except ProviderError as error:
            return BatchReply(name, None, error)
        if kind == "expired":
            return BatchReply(name, None, expired())
        if kind == "canceled":
            return BatchReply(name, None, cancelled())
        said = f"The provider says of the line that it is {kind or 'nothing'}, which nobody has told of."
        return BatchReply(name, None, ProviderError(said, kind="bad_reply"))


def _size(order: Any) -> int:
    counts = order.request_counts
    return int(counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired)

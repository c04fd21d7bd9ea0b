"""OpenAI's batch API: a file of requests, an order over it, a file of replies and one of errors.

openai-python 3.x, resources/files.py and resources/batches.py; platform.openai.com/docs/guides/batch. Orders carry our
key as metadata, so that one that was made before a process died is found again.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

import openai
from openai.types.chat import ChatCompletion

from llm.completion import ProviderError, redacted
from llm.providers.batches import Batches, BatchLine, BatchReply, BatchReport, BatchState, cancelled, expired
from llm.providers.faults import status_error, translated
from llm.providers.openai import client, completed, request_body

log = logging.getLogger(__name__)

KEY = "parley_batch"  # of the metadata
ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
WINDOW: Literal["24h"] = "24h"
MOST_LINES, MOST_BYTES = 50_000, 200_000_000
MOST_LOOKED_AT = 1000
REFUSED = (400, 401, 403, 404, 413, 422, 429)
SECONDS = 120.0

STATES = {
    "validating": BatchState.GOING,
    "in_progress": BatchState.GOING,
    "finalizing": BatchState.GOING,
    "cancelling": BatchState.GOING,
    "completed": BatchState.ENDED,
    "expired": BatchState.ENDED,
    "cancelled": BatchState.ENDED,
    "failed": BatchState.FAILED,
}


class OpenAIBatches(Batches):
    def probe(self) -> bool:
        with translated(openai, api_key=self.api_key):
            try:
                self._api.batches.list(limit=1)
            except openai.APIStatusError as error:
                if error.status_code in (404, 405, 501):
                    return False
                raise
        return True

    def find(self, key: str, count: int, since: float) -> str | None:  # noqa: ARG002  the key says it all
        with translated(openai, api_key=self.api_key):
            there = islice(self._api.batches.list(limit=100), MOST_LOOKED_AT)
            return next((each.id for each in there if (each.metadata or {}).get(KEY) == key), "")

    def create(self, key: str, lines: Sequence[BatchLine], model: str) -> str:
        raw = b"".join(self._line(each, model) for each in lines)
        if len(lines) > MOST_LINES or len(raw) > MOST_BYTES:
            sentence = f"An order may have {MOST_LINES:,} lines and {MOST_BYTES // 1_000_000} MB."
            raise ProviderError(f"{sentence} This one has {len(lines):,} and {len(raw):,} bytes.", kind="bad_request")
        with translated(openai, api_key=self.api_key):
            file = self._api.files.create(file=(f"parley-{key}.jsonl", raw, "application/jsonl"), purpose="batch")
            try:
                order = self._api.batches.create(
                    input_file_id=file.id, endpoint=ENDPOINT, completion_window=WINDOW, metadata={KEY: key}
                )
            except openai.APIStatusError as error:
                if error.status_code in REFUSED:  # after others it may be there, and needs its file
                    self._discard(file.id)
                raise
        if not order.id:
            raise ProviderError("The provider took the order and did not say what it is called.", kind="bad_reply")
        return order.id

    def report(self, order: str) -> BatchReport | None:
        with translated(openai, api_key=self.api_key):
            try:
                told = self._api.batches.retrieve(order)
            except openai.NotFoundError:
                return None
            counts, word = told.request_counts, str(getattr(told, "status", ""))
            done = None if counts is None else counts.completed + counts.failed
            errors = (told.errors and told.errors.data) or []
            said = "; ".join(str(each.message or each.code or "") for each in errors[:3])
            return BatchReport(STATES.get(word, BatchState.UNKNOWN), word, done, redacted(said, self.api_key))

    def replies(self, order: str) -> Iterator[BatchReply]:
        with translated(openai, api_key=self.api_key):
            told = self._api.batches.retrieve(order)
            for file in filter(None, (told.output_file_id, told.error_file_id)):
                raw = self._api.files.content(file).read()
                for line in raw.decode("utf-8", "replace").split("\n"):
                    if line.strip() and (reply := self._reply(line)):
                        yield reply

    def cancel(self, order: str) -> None:
        with translated(openai, api_key=self.api_key):
            try:
                self._api.batches.cancel(order)
            except (openai.NotFoundError, openai.BadRequestError, openai.ConflictError) as error:  # gone, or over
                log.info("The order %s is not cancelled: %s", order, redacted(error.message, self.api_key))

    def forget(self, order: str) -> None:
        with translated(openai, api_key=self.api_key):
            try:
                told = self._api.batches.retrieve(order)
            except openai.NotFoundError:
                return
            for file in filter(None, (told.input_file_id, told.output_file_id, told.error_file_id)):
                self._delete(file)

    def _delete(self, file: str) -> None:
        try:
            self._api.files.delete(file)
        except openai.NotFoundError:
            log.info("The file %s is gone already", file)

    def _discard(self, file: str) -> None:
        try:
            self._delete(file)
        except openai.APIError as error:  # what it was for says more
            log.warning("The file %s stays at the provider: %s", file, redacted(error.message, self.api_key))

    @property
    def _api(self) -> openai.OpenAI:
        return client(self.base_url, self.api_key, self.is_private_allowed).with_options(timeout=SECONDS)

    def _line(self, line: BatchLine, model: str) -> bytes:
        body = request_body(line.prompt, model, self.base_url)
        told = {"custom_id": line.name, "method": "POST", "url": ENDPOINT, "body": body}
        return json.dumps(told, ensure_ascii=False).encode() + b"\n"

    def _reply(self, line: str) -> BatchReply | None:
        """A line of either file; None of what cannot be read, so that its line is missing."""
        try:
            told = json.loads(line)
            name = str(told["custom_id"])
        except (ValueError, KeyError, TypeError):
            log.warning("A line of an order cannot be read: %s", line[:80])
            return None
        response = told.get("response") or {}
        status, body = response.get("status_code") or 0, response.get("body")
        try:
            if told.get("error"):
                raise self._error(told["error"])
            if status != 200 or not isinstance(body, dict):
                raise status_error(int(status) or 500, body, {}, self.api_key)
            with translated(openai, api_key=self.api_key):
                return BatchReply(name, completed(ChatCompletion.construct(**body)))
        except ProviderError as error:
            return BatchReply(name, None, error)

    def _error(self, told: Any) -> ProviderError:
        code = str(told.get("code") or "") if isinstance(told, Mapping) else ""
        if code == "batch_expired":
            return expired()
        if code == "batch_cancelled":
            return cancelled()
        return status_error(0, {"error": told}, {}, self.api_key)

"""Streams in the shapes that servers of OpenAI's protocol are known to send."""

from typing import Any

import pytest

from llm.completion import ProviderError
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.providers.protocols import Raw
from tests.fakes.providers.wire import USAGE, ask, sent

SAID = {"index": 0, "delta": {"content": "Yes [1]."}, "finish_reason": None}
END = {"index": 0, "delta": {}, "finish_reason": "stop"}


@pytest.mark.parametrize(
    "chunks",
    [
        ({"choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
         {"choices": [SAID]}, {"choices": [END], "usage": USAGE}),
        ({"choices": [{"index": 0, "delta": {"role": "assistant", "content": None, "reasoning_content": "Hm [2]."}}]},
         {"choices": [SAID]}, {"choices": [END], "usage": USAGE}),
        ({"choices": [{"index": None, "delta": {"content": "Yes [1]."}, "finish_reason": None}]}, {"choices": [END]}),
        ({"choices": [SAID], "usage": None}, {"choices": [END], "usage": USAGE, "timings": {"predicted_n": 15}}),
        ({"choices": [SAID], "usage": {**USAGE, "completion_tokens": 1}}, {"choices": [END], "usage": USAGE}),
        ({"choices": [{"index": 0, "message": {"content": "Yes [1]."}, "finish_reason": "stop"}], "usage": USAGE},),
        ({"choices": [SAID]}, {"choices": [{**END, "delta": None}]}, {"choices": None, "usage": USAGE}),
    ],
    ids=["azure", "deepseek", "no index", "llama.cpp", "usage as it grows", "in one piece", "nulls"],
)  # fmt: skip
def test_shapes_that_are_met_in_the_wild(fake_providers: FakeProviders, chunks: tuple[dict[str, Any], ...]) -> None:
    text, end = ask(fake_providers, sent(*chunks))
    assert (text, end.finish_reason, end.usage.output_tokens > 3) == ("Yes [1].", "stop", True)


def test_an_error_within_the_stream_is_no_end(fake_providers: FakeProviders) -> None:
    """As OpenRouter sends it, behind comments that keep the connection open."""
    error = {"error": {"code": 502, "message": "Upstream failed"}, "choices": [{**END, "finish_reason": "error"}]}
    body = b": OPENROUTER PROCESSING\n\n" + sent({"choices": [SAID]}, error).body
    with pytest.raises(ProviderError) as raised:
        ask(fake_providers, Raw(body))
    assert raised.value.kind in ("unavailable", "cut")

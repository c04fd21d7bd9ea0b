"""What servers that speak OpenAI's or Anthropic's protocol really send, sent to the letter over a real socket."""

import json
from typing import Any

import pytest

from llm.calling import retry
from llm.completion import ProviderError
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.providers.protocols import Raw
from tests.fakes.providers.wire import USAGE, ask, ask_anthropic, chat, messages, names, sent
from tests.rows.prompts import PROMPT


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)


@pytest.mark.parametrize(
    ("told", "sent", "written"),
    [
        ({"prompt_tokens": None, "completion_tokens": 15}, None, 15),
        ({"prompt_tokens": 120, "completion_tokens": None}, 120, None),
        ({"prompt_tokens": "120", "completion_tokens": 15}, None, 15),
        ({"prompt_tokens": -1, "completion_tokens": 15}, None, 15),
        ({"prompt_tokens": 1e18, "completion_tokens": 15}, None, 15),
        ({"prompt_tokens": 0, "completion_tokens": 0}, None, None),
        ({"prompt_tokens": True, "completion_tokens": 15.5}, None, None),
        ({"prompt_tokens": 120.0, "completion_tokens": 15}, 120, 15),
        ({}, None, None),
        ([], None, None),
        ("none", None, None),
    ],
)
def test_counts_that_are_missing_or_cannot_be_are_estimated(
    fake_providers: FakeProviders, told: Any, sent: int | None, written: int | None
) -> None:
    usage = ask(fake_providers, chat("Within 30 days [1].", usage=told))[1].usage
    assert usage.is_estimated is (sent is None or written is None)
    assert usage.input_tokens == (sent or usage.input_tokens) > 20
    assert usage.output_tokens == (written or usage.output_tokens) > 3


@pytest.mark.parametrize(
    "details", [{"cached_tokens": 500}, {"cached_tokens": -3}, {"cached_tokens": "seven"}, [], "x", None]
)
def test_cached_tokens_that_cannot_be_are_none(fake_providers: FakeProviders, details: Any) -> None:
    usage = ask(fake_providers, chat("Yes [1].", usage={**USAGE, "prompt_tokens_details": details}))[1].usage
    assert (usage.input_tokens, usage.cached_input_tokens) == (120, 0)


@pytest.mark.parametrize(
    ("told", "end"),
    [
        ("stop", "stop"),
        ("STOP", "stop"),
        ("eos", "stop"),
        ("COMPLETE", "stop"),
        ("length", "length"),
        ("MAX_TOKENS", "length"),
        ("model_length", "length"),
        ("content_filter", "refusal"),
        ("SAFETY", "refusal"),
    ],
)
def test_ends_in_other_words_are_known(fake_providers: FakeProviders, told: str, end: str) -> None:
    assert ask(fake_providers, chat("Yes [1].", end=told))[1].finish_reason == end


@pytest.mark.parametrize(
    "told", ["error", "abort", "cancelled", "tool_calls", "insufficient_system_resource", 7, {}, None]
)
def test_an_end_that_nobody_knows_is_none(fake_providers: FakeProviders, told: Any) -> None:
    with pytest.raises(ProviderError) as raised:
        ask(fake_providers, chat("Half an answer", end=told))
    assert raised.value.kind == "cut"
    assert raised.value.usage is not None
    assert raised.value.usage.output_tokens == 15


@pytest.mark.parametrize(
    ("told", "end"), [("end_turn", "stop"), ("model_context_window_exceeded", "length"), ("refusal", "refusal")]
)
def test_ends_of_anthropic(fake_providers: FakeProviders, told: str, end: str) -> None:
    assert ask_anthropic(fake_providers, messages("Yes [1].", end=told))[1].finish_reason == end
    for unknown in ("pause_turn", "tool_use", "compaction", None):
        with pytest.raises(ProviderError, match=r"cut off|not known"):
            ask_anthropic(fake_providers, messages("Half an answer", end=unknown))


@pytest.mark.parametrize("told", [None, {}, {"input_tokens": None, "output_tokens": 0}, {"input_tokens": "many"}, []])
def test_a_server_like_anthropics_that_tells_no_usage_is_estimated(fake_providers: FakeProviders, told: Any) -> None:
    usage = ask_anthropic(fake_providers, messages("Yes [1].", usage=told, last_usage=told))[1].usage
    assert usage.is_estimated
    assert usage.input_tokens > 20
    assert usage.output_tokens > 1


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    ("whole", "said"),
    [
        ("<think>Is it [2]? NOT_IN_DOCS</think>\n\nWithin 30 days [1].", "Within 30 days [1]."),
        ("\n<THINKING>a</THINKING> <think>b</think>Yes [1].", "Yes [1]."),
        ("<think></think>Yes.", "Yes."),
        ("</think>\nYes.", "Yes."),
        ("<thin ice> holds.", "<thin ice> holds."),
        ("a < b and <thi", "a < b and <thi"),
        (
            "Put it between <think> and </think > in your prompt [1].",
            "Put it between <think> and </think > in your prompt [1].",
        ),
        ("<think\n>hm</think >Yes.", "Yes."),
        ("Write `</think>` to end it, or <think> to begin.", "Write `</think>` to end it, or <think> to begin."),
        ("Yes \ud83d\ude00 and \ud83d", "Yes \U0001f600 and \ufffd"),
    ],
)
def test_thinking_is_not_said_and_halves_are_joined(
    fake_providers: FakeProviders, whole: str, said: str, step: int
) -> None:
    pieces = [whole[at : at + step] for at in range(0, len(whole), step)]
    assert ask(fake_providers, chat(*pieces))[0] == said


@pytest.mark.django_db
def test_thinking_that_no_tag_announces_is_left_out_when_it_is_asked_again(fake_providers: FakeProviders) -> None:
    model = f"model {next(names)}"
    with pytest.raises(ProviderError) as raised:
        ask(fake_providers, chat("I think [2] says", " so.\n</think>\n\n", "Yes [1]."), model=model)
    assert raised.value.kind == "aloud"
    assert not raised.value.permanent
    assert ask(fake_providers, chat("I think so.\n</think>\n\n", "Yes [1]."), model=model)[0] == "Yes [1]."


def test_a_model_that_thinks_only_now_and_then_is_not_silenced(fake_providers: FakeProviders) -> None:
    model = f"model {next(names)}"
    with pytest.raises(ProviderError):
        ask(fake_providers, chat("So.\n", "</think>\n", "Yes [1]."), model=model)
    assert ask(fake_providers, chat("Within ", "30 days ", "[1]."), model=model)[0] == "Within 30 days [1]."
    with pytest.raises(ProviderError, match="used up"):  # with the habit it had this would be thinking
        ask(fake_providers, chat("", end="length"), model=model)
    said = ask(fake_providers, chat("It is ", "10 GB [1]."), model=model)[0]
    assert said == "It is 10 GB [1]."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([{"type": "text", "text": "Yes "}, {"type": "text", "text": "[1]."}], "Yes [1]."),
        (
            [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Yes."}],
            "Yes.",
        ),
        ([{"type": "reference", "reference_ids": [1]}, {"type": "output_text", "text": "Yes."}], "Yes."),
    ],
)
def test_content_in_parts_is_joined(fake_providers: FakeProviders, content: Any, said: str) -> None:
    assert ask(fake_providers, chat(content))[0] == said


def test_a_refusal_in_words_of_its_own_is_no_answer(fake_providers: FakeProviders) -> None:
    assert ask(fake_providers, chat(None, refusal="I cannot help with that."))[1].finish_reason == "refusal"


def test_halves_of_a_character_are_joined_for_anthropic_too(fake_providers: FakeProviders) -> None:
    assert ask_anthropic(fake_providers, messages("Yes \ud83d", "\ude00 [1]."))[0] == "Yes \U0001f600 [1]."


def test_a_second_wording_is_not_mixed_in(fake_providers: FakeProviders) -> None:
    choices = [{"index": index, "delta": {"content": f"Wording {index}."}, "finish_reason": "stop"} for index in (0, 1)]
    assert ask(fake_providers, sent({"choices": choices, "usage": USAGE}))[0] == "Wording 0."


@pytest.mark.parametrize(
    ("status", "body", "left_out"),
    [
        (
            422,
            {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]},
            "stream_options",
        ),
        (400, {"detail": "Unsupported parameter: temperature"}, "temperature"),
        (500, {"error": "unexpected keyword argument 'stream_options'"}, "stream_options"),
        (400, {"error": {"message": "Unsupported parameter", "param": "temperature"}}, "temperature"),
        (404, {"message": "max_tokens is not supported with this model"}, "max_tokens"),
    ],
)
def test_an_option_that_is_refused_in_any_words_is_left_out(
    fake_providers: FakeProviders, status: int, body: Any, left_out: str
) -> None:
    fake_providers.script(Raw(json.dumps(body).encode(), status))
    assert ask(fake_providers, chat("Yes [1]."))[0] == "Yes [1]."
    first, second = (request.body for request in fake_providers.requests[-2:])
    assert left_out in first
    assert left_out not in second


@pytest.mark.parametrize(
    "message",
    [
        "System role not supported",
        "Only user and assistant roles are supported!",
        "Developer instruction is not enabled for this model",
    ],
)
def test_where_no_system_text_is_taken_it_stands_before_the_question(
    fake_providers: FakeProviders, message: str
) -> None:
    fake_providers.script(Raw(json.dumps({"error": {"message": message}}).encode(), 400))
    model = f"model {next(names)}"
    assert ask(fake_providers, chat("Yes [1]."), model=model)[0] == "Yes [1]."
    told = fake_providers.requests[-1].body["messages"]
    assert {each["role"] for each in told} <= {"user", "assistant"}
    assert told[0]["role"] == "user"
    assert told[0]["content"].startswith(PROMPT.system)
    ask(fake_providers, chat("Yes [1]."), model=model)
    assert fake_providers.requests[-1].body["messages"] == told, "remembered"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            400,
            {
                "error": {
                    "code": "content_filter",
                    "message": "The response was filtered.",
                    "innererror": {"code": "ResponsibleAIPolicyViolation"},
                }
            },
            "refused",
        ),
        (403, {"error": {"code": "moderation", "message": "Flagged"}}, "refused"),
        (
            400,
            {"error": {"code": "data_inspection_failed", "message": "Input may contain inappropriate content"}},
            "refused",
        ),
        (400, {"error": {"message": "prompt too long"}}, "bad_request"),
        (403, {"error": {"message": "Your account is not active"}}, "key"),
    ],
)
def test_a_filter_is_told_from_a_fault_of_ours(
    fake_providers: FakeProviders, status: int, body: Any, kind: str
) -> None:
    with pytest.raises(ProviderError) as raised:
        ask(fake_providers, Raw(json.dumps(body).encode(), status))
    assert raised.value.kind == kind

"""Examples from files as people have them: in any encoding and layout that can be told, whole or not at all."""

import json
from typing import Any

import pytest

from llm.prompt import Turn
from tuning.examples import importing
from tuning.examples.importing import ImportedExchange, ImportFileError

SYSTEM, ASKED, TOLD = (
    {"role": "system", "content": "Be warm."},
    {"role": "user", "content": "How?"},
    {"role": "assistant", "content": "Like so."},
)
ONE = [ImportedExchange("How?", "Like so.")]
TABLE = "question,answer\nHow?,Like so.\n"
CALL = [{"id": "c", "type": "function", "function": {"name": "search", "arguments": "{}"}}]


def line(*messages: dict[str, Any], **more: Any) -> str:
    return json.dumps({"messages": list(messages), **more}, ensure_ascii=False)


def jsonl(*lines: str) -> list[ImportedExchange]:
    return importing.read("kept.jsonl", "\n".join(lines).encode())


def wrong(name: str, data: bytes, **options: str) -> str:
    with pytest.raises(ImportFileError) as error:
        importing.read(name, data, **options)
    return str(error.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("name", "text"), [("a.jsonl", line(SYSTEM, ASKED, TOLD) + "\n"), ("a.CSV", TABLE)])
def test_byte_order_marks_and_line_ends_change_nothing(name: str, text: str, end: str, encoding: str) -> None:
    assert importing.read(name, text.replace("\n", end).encode(encoding)) == ONE


def test_an_encoding_that_can_only_be_guessed_is_asked_for() -> None:
    data = "question,answer\nWie schön?,Größer als für möglich gehalten wäre.\n".encode("cp1252")
    assert "Save it as UTF-8, or say what it is with --encoding" in wrong("a.csv", data)
    assert importing.read("a.csv", data, encoding="cp1252")[0].answer.startswith("Größer")
    assert "no encoding named moon" in wrong("a.csv", data, encoding="moon")
    assert "is not ascii (byte 23)" in wrong("a.csv", data, encoding="ascii")
    assert "binary" in wrong("a.csv", bytes(range(256)))


@pytest.mark.parametrize(
    "text",
    [
        "answer;id;Question \nLike so.;7;How?\n",
        "sep=;\nquestion;answer\nHow?;Like so.\n",
        "\n\nquestion\tanswer\nHow?\tLike so.\n\n\t\n",
        '"Question","Answer"\n"How?","Like so."\n,\n',
        "completion|prompt\nLike so.|How?",
        "question;answer, please;answer\nHow?;x;Like so.",
    ],
)
def test_columns_stand_in_any_order_between_any_separators(text: str) -> None:
    assert importing.read("a.csv", text.encode()) == ONE


def test_a_long_table_stays_in_its_order_with_quoted_lines() -> None:
    rows = [f'"Question {number}, or?","First; then\n""{number}"""' for number in range(1000)]
    found = importing.read("a.csv", "\n".join(["question,answer", *rows]).encode())
    assert [each.question for each in found] == [f"Question {number}, or?" for number in range(1000)]
    assert found[999].answer == 'First; then\n"999"'


@pytest.mark.parametrize(("text", "sentences"), [
    ("question,answer\n\"How\nso?\",Fine.\nHow?,Like, so\n,x\n", ["Line 4 has 3 cells where", "Line 5 has no"]),
    ("question,answer\nHow?,\"never closed\nQ,A\n", ["Line 2 is no CSV that can be read"]),
    ("question,question,answer\na,b,c", ["columns question and answer"]),
    ("sep=;\nquestion;answer\nHow?\n", ["Line 3 has no question or no answer"]),
])  # fmt: skip
def test_what_a_table_would_lose_is_told_by_its_line(text: str, sentences: list[str]) -> None:
    assert all(sentence in wrong("a.csv", text.encode()) for sentence in sentences)


def test_several_turns_tools_and_weights_are_read_as_openai_does() -> None:
    then = [{"role": "user", "content": "And then?"}, {"role": "assistant", "content": "So."}]
    history = (Turn("user", "How?"), Turn("assistant", "Like so."))
    looked: list[dict[str, Any]] = [
        {"role": "assistant", "content": None, "tool_calls": CALL},
        {"role": "tool", "tool_call_id": "c", "content": "7"},
    ]
    parts = {"role": "user", "content": [{"type": "text", "text": "And "}, {"type": "text", "text": "then?"}]}
    unlearnt = {**then[1], "weight": 0}
    found = jsonl(
        line(SYSTEM, ASKED, TOLD, *then, tools=[{}], parallel_tool_calls=False),
        line(ASKED, TOLD, then[0], *looked, then[1]),
        line(ASKED, {**TOLD, "weight": 0}, parts, {**then[1], "weight": 1}),
        line({"role": "developer", "content": "x"}, ASKED, TOLD, then[0], unlearnt),
        line({"role": "user", "content": "Hi!", "name": "ann"}, ASKED, TOLD),
        json.dumps({"prompt": "How?", "completion": " Like so.\n"}),
    )
    assert found[:3] == [ImportedExchange("And then?", "So.", history)] * 3
    assert found[3] == ONE[0]  # the last one that is to be learnt
    assert found[4] == ImportedExchange("Hi!\n\nHow?", "Like so.")
    assert found[5] == ONE[0]


@pytest.mark.parametrize(("broken", "sentence"), [
    (line(ASKED, {"role": "assistant", "tool_calls": CALL}), "does not end with a question and its answer"),
    (line(ASKED, {**TOLD, "weight": 0}), "no answer that is to be learnt"),
    (line(ASKED, {**TOLD, "weight": 0.5}), "the weight 0.5"),
    (line({**ASKED, "content": [{"type": "image_url", "image_url": {}}]}, TOLD), "other than text (image_url)"),
    (line(TOLD), "does not end with"), (line(ASKED, TOLD, ASKED), "does not end with"), ("[" * 100_000, "is no JSON"),
    (line(ASKED, {**TOLD, "content": "\u0000 "}), "without text"), ('{"messages": 7}', "no list of objects"),
])  # fmt: skip
def test_a_bad_line_is_told_by_its_number(broken: str, sentence: str) -> None:
    good = line(ASKED, TOLD)
    told = wrong("a.jsonl", "\n".join([good, "", broken, good]).encode())
    assert told.startswith("Line 3 ")
    assert sentence in told


def test_all_bad_lines_are_told_at_once_and_counted() -> None:
    told = wrong("a.jsonl", "\n".join([line(ASKED, TOLD), *["{}"] * 13]).encode())
    assert told.startswith("Line 2 is no JSON object with messages. Line 3 is")
    assert told.endswith("Line 11 is no JSON object with messages. And 3 more lines.")
    for document in ("[\n" + line(ASKED, TOLD) + "\n]", json.dumps({"messages": [ASKED, TOLD]}, indent=2)):
        assert "is one JSON document" in wrong("a.jsonl", document.encode())
    many = wrong("a.csv", ("question,answer\n" + "a,b\n" * (importing.MOST_LINES + 1)).encode())
    assert "more than 20,000 examples" in many

"""Cases in files: what is read, what is refused by its line, what is told."""

import json

import pytest

from evaluation.cases import case_files
from evaluation.cases.case_drafts import CaseFileError
from evaluation.models import ExpectedBehaviour
from evaluation.scores.expectations import holds


def jsonl(*rows: object) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def test_a_line_is_a_case_with_all_that_it_says() -> None:
    row = {
        "question": " Wie lange? ",
        "history": [{"role": "user", "content": "Refunds?"}, {"role": "assistant", "text": "Yes."}],
        "expected": "answer",
        "gold": ["refunds.md"],
        "must_include": ["30 days", ["full", {"number": 100}]],
        "must_not_include": ["/60/"],
        "reference": "Within 30 days.",
        "tags": ["billing"],
        "cluster": "refunds",
    }
    (draft,) = case_files.read("cases.jsonl", jsonl(row)).drafts
    assert (draft.place, draft.question, draft.thread) == ("line 1", "Wie lange?", "refunds")
    assert draft.history[0] == {"role": "user", "text": "Refunds?"}
    assert draft.must_include == ("30 days", ["full", {"number": 100}])


def test_every_bad_line_is_named_and_nothing_is_read() -> None:
    data = b"\n".join(
        [
            jsonl({"question": "Good?"}),
            b"{not json",
            jsonl({"question": ""}),
            jsonl({"question": "x", "must_includes": ["a"]}),
            jsonl({"question": "x", "expected": "maybe"}),
            b"",
            jsonl({"question": "x", "must_include": ["/(/"]}),
            jsonl({"question": "x", "history": [{"role": "bot", "text": "a"}]}),
            jsonl({"question": "x" * 5000}),
            jsonl(["question"]),
            jsonl({"question": "x", "tags": "billing"}),
        ]
    )
    with pytest.raises(CaseFileError) as refused:
        case_files.read("cases.jsonl", data)
    said = [str(problem) for problem in refused.value.problems]
    assert [each.split(":")[0] for each in said] == [f"line {number}" for number in (2, 3, 4, 5, 7, 8, 9, 10, 11)]
    assert "must_includes" in said[2]
    assert "no regular expression" in said[4]


def test_other_separators_of_lines_may_stand_in_a_text() -> None:
    data = '{"question": "Was ist\u2028das\u0085hier?"}'.encode()
    assert len(case_files.read("cases.jsonl", b"\xef\xbb\xbf" + data).drafts) == 1


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("cases.csv", b"question", "has to be .jsonl"),
        ("cases.jsonl", b"\xff\xfe", "not UTF-8"),
        ("cases.jsonl", b"\n \n", "holds no case"),
        ("cases.yaml", b"tests: [", "line"),
        ("cases.yaml", b"prompts: [a]", "no list of tests"),
        ("cases.yaml", b"tests: file://tests.csv", "other files"),
        ("cases.yaml", b"tests:\n- file://one.yaml", "test 1: is no map"),
        ("cases.yaml", b"tests:\n- vars: {a: x, b: y}", "test 1: none of its variables"),
        ("cases.yaml", b"tests:\n- vars: {q: x, assert: [{type: equals, value: y}]}", "among its variables"),
        ("cases.yaml", b"tests:\n- vars: {q: x}\n  assert: [{type: regex, value: '('}]", "test 1: /\\(/ is no regular"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name: str, data: bytes, said: str) -> None:
    with pytest.raises(CaseFileError, match=said):
        case_files.read(name, data)


PROMPTFOO = """
prompts: ["{{question}}"]
defaultTest:
  assert:
    - type: not-icontains
      value: as an AI
tests:
  - description: refunds
    vars: {question: "How long for {{ plan }} plans?", plan: annual}
    metadata: {tags: [billing]}
    assert:
      - {type: contains, value: 30 days}
      - {type: icontains-any, value: [full, whole]}
      - {type: regex, value: '(?<id>RF-\\d+)'}
      - {type: javascript, value: output.length < 10}
      - {type: llm-rubric, value: names the deadline}
      - {type: latency, threshold: 5000}
    options: {provider: x}
  - vars: {question: "Version?"}
    assert: [{type: equals, value: 1.10}]
  - vars: {question: ["Is it on?", "Is it off?"]}
    assert: [{type: contains, value: no}]
  - vars: {question: "Capital of Mongolia?"}
    assert: [{type: is-refusal}, {type: contains, value: file://answer.txt}]
"""


def test_tests_of_promptfoo_become_cases() -> None:
    found = case_files.read("promptfooconfig.yaml", PROMPTFOO.encode())
    first, version, on, off, capital = found.drafts
    assert first.question == "How long for annual plans?"
    assert first.must_include == ("30 days", ["full", "whole"], "/(?P<id>RF-\\d+)/")
    assert first.must_not_include == ("as an AI",)
    assert (first.tags, first.reference) == (("billing",), "names the deadline")
    assert version.must_include == ("/^\\s*1\\.10\\s*$/",)  # as it is written, and no number
    assert holds("1.10", version.must_include[0])
    assert not holds("1.1", version.must_include[0])
    assert (on.question, off.question, on.must_include) == ("Is it on?", "Is it off?", ("no",))
    assert (capital.expected, capital.must_include) == (ExpectedBehaviour.REFUSE, ())


def test_what_has_no_counterpart_is_told_test_by_test() -> None:
    notes = case_files.read("promptfooconfig.yaml", PROMPTFOO.encode()).notes
    assert [note for note in notes if note.startswith("test 1")] == [
        "test 1: options is not taken over",
        "test 1: the assertion javascript has no counterpart here and is not taken over",
        "test 1: llm-rubric is kept as the reference, for people who grade and for a judge",
        "test 1: the assertion latency has no counterpart here and is not taken over",
    ]
    assert "test 4: the assertion contains has no value that stands in the file, and is not taken over" in notes


def test_what_asserts_nothing_and_values_that_are_no_text_are_told() -> None:
    data = b"""
defaultTest: {assert: [{type: llm-rubric, value: "Is {{ city }} named?"}]}
tests:
- vars: {question: "Where?", city: Tokyo, context: {a: b}}
- vars: {question: "Who?"}
  assert: [{type: contains-any, value: "one, two"}]
"""
    found = case_files.read("cases.yml", data)
    assert found.drafts[0].reference == "Is Tokyo named?"
    assert found.drafts[1].must_include == (["one", "two"],)
    assert "test 1: the variable context is not taken over" in found.notes
    assert [note for note in found.notes if "for people to grade" in note and "asserted" in note] == [
        "test 1: nothing is asserted that is looked for here, so that its facts are for people to grade"
    ]


def test_what_is_null_is_not_there_and_what_is_there_twice_is_refused() -> None:
    names = ("history", "expected", "gold", "must_include", "must_not_include", "reference", "tags", "cluster")
    (draft,) = case_files.read("cases.jsonl", jsonl({"question": "Q?", **dict.fromkeys(names)})).drafts
    assert (draft.expected, draft.must_include, draft.gold) == (ExpectedBehaviour.ANSWER, (), ())
    with pytest.raises(CaseFileError, match="line 1: has no question"):
        case_files.read("cases.jsonl", jsonl({"question": None}))
    with pytest.raises(CaseFileError, match="line 1: has question twice"):
        case_files.read("cases.jsonl", b'{"question": "Q?", "question": "R?"}')

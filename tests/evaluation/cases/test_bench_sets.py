"""Judged sets as cases: what is taken over, what is told, and documents that are found again once they are ingested."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from evaluation.cases import bench_sets, case_sets
from evaluation.cases.case_drafts import CaseDraft, CaseFileError
from evaluation.models import EvaluationCase
from evaluation.scores import expectations
from knowledge.models import Document
from llm.models import ServingRole
from tests.rows.make import make_deployment

CORPUS = [
    {"id": "n1", "doc": "Norm/ans", "ord": 1, "title": "Normans", "head": "Later", "text": "Their leader was Rollo."},
    {"id": "n0", "doc": "Norm/ans", "ord": 0, "title": "Normans", "head": "Normans", "text": "They came to France."},
    {"id": "s0", "doc": "Steam", "ord": 0, "title": "Steam engine", "head": "", "text": "Watt built it in 1769."},
]
QUERIES = [
    {"id": "q1", "text": "Who led the Normans?", "answerable": True, "answers": ["Rollo", "Rollo", "/r/ollo/"]},
    {"id": "q2", "text": "Who led the Danes?", "answerable": False, "answers": [], "para": "n1"},
    {"id": "q3", "text": "Who built the steam engine?", "answerable": True},
    {"id": "q4", "text": "  ", "answerable": True, "answers": ["x"]},
    {"id": "q5", "text": "Where and when?", "answerable": True, "answers": ["x" * 600, "1769"]},
    {"id": "q6", "text": "Who flew first?", "answerable": False},
]
QRELS = [
    {"q": "q1", "c": "n0", "r": 0}, {"q": "q1", "c": "n1", "r": 1}, {"q": "q2", "c": "n1", "r": 1},
    {"q": "q3", "c": "s0", "r": 3}, {"q": "q5", "c": "s0"}, {"q": "q5", "c": "gone", "r": 1},
]  # fmt: skip


def make_set(folder: Path, **files: Any) -> Path:
    place = folder / "tiny"
    place.mkdir()
    for name, rows in {"corpus": CORPUS, "queries": QUERIES, "qrels": QRELS, **files}.items():
        if rows is not None:
            lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
            (place / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return place


def by_place(drafts: list[CaseDraft]) -> dict[str, CaseDraft]:
    return {draft.place: draft for draft in drafts}


def test_questions_become_cases_with_what_is_judged_of_them(tmp_path: Path) -> None:
    found = bench_sets.read(make_set(tmp_path))
    drafts = by_place(found.drafts)
    assert list(drafts) == ["query q1", "query q2", "query q3", "query q5", "query q6"]
    first = drafts["query q1"]
    assert (first.expected, first.gold, first.tags) == ("answer", (bench_sets.document_name("Norm/ans"),), ("tiny",))
    assert expectations.holds("It was **Rollo** [1].", first.must_include[0])
    assert expectations.holds("so /r/ollo/ it is", first.must_include[0])
    assert not expectations.holds("so r it is", first.must_include[0])
    refused = drafts["query q2"]
    assert (refused.expected, refused.gold, refused.must_include) == ("refuse", (), ())
    assert refused.thread == first.thread == "tiny: Norm/ans"
    assert (drafts["query q3"].gold, drafts["query q3"].must_include) == (("Steam.md",), ())
    assert drafts["query q5"].must_include == (["1769"],)
    assert drafts["query q6"].thread == ""


def test_what_has_no_counterpart_is_told(tmp_path: Path) -> None:
    told = bench_sets.read(make_set(tmp_path)).notes
    for sentence in (
        "1 questions are empty or too long", "1 questions without an answer are judged to have passages",
        "1 questions name passages that the corpus does not hold", "1 questions have gold strings that cannot be",
        "1 answerable questions have no gold string", "2 relevances other than 1",
    ):  # fmt: skip
        assert any(note.startswith(sentence) for note in told), sentence
    assert len(told) == 6


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"qrels": None}, "has no qrels.jsonl"),
        ({"queries": ["{no"]}, "queries.jsonl, line 1: is no JSON"),
        ({"queries": [{"id": "a", "text": "Who?", "answerable": "no"}]}, "its answerable is no bool"),
        ({"queries": [QUERIES[0], QUERIES[0]]}, "two questions are called q1"),
        ({"corpus": [{"id": "n1", "text": "x"}]}, "corpus.jsonl, line 1: has no doc"),
        ({"qrels": [{"q": "q1", "c": "n1", "r": "good"}]}, "qrels.jsonl, line 1: its r is no number"),
        ({"queries": []}, "holds no question"),
        ({"qrels": ['{"q": "q1", "c": "n1", "r": NaN}']}, "qrels.jsonl, line 1: its r is no number"),
        ({"corpus": [CORPUS[0], CORPUS[0]]}, "two passages are called n1"),
        ({"corpus": ['{"id": "n1", "doc": "D\\ud800", "text": "x"}']}, "a sign that no text may hold"),
        ({"queries": ['{"id": "a", "id": "b", "text": "Who?", "answerable": true}']}, "line 1: has id twice"),
    ],
)
def test_a_set_that_is_not_whole_is_refused(tmp_path: Path, files: dict[str, Any], problem: str) -> None:
    with pytest.raises(CaseFileError, match=problem):
        bench_sets.read(make_set(tmp_path, **files))


def test_a_sample_is_always_the_same_and_part_of_a_larger_one(tmp_path: Path) -> None:
    queries = [{"id": f"q{n}", "text": f"Question {n}?", "answerable": n % 2 == 0} for n in range(60)]
    found = bench_sets.read(make_set(tmp_path, queries=queries))
    (tmp_path / "turned").mkdir()
    turned = bench_sets.read(make_set(tmp_path / "turned", queries=queries[::-1]))
    few, more = found.sampled(20), found.sampled(40)
    assert len(few.drafts) == 20
    assert {each.place for each in few.drafts} == {each.place for each in turned.sampled(20).drafts}
    assert {each.place for each in few.drafts} < {each.place for each in more.drafts}
    assert len(found.sampled(99).drafts) == 60


def test_names_may_be_numbers_and_one_gold_string_stand_alone(tmp_path: Path) -> None:
    found = bench_sets.read(
        make_set(
            tmp_path,
            corpus=[{"id": 7, "doc": 3, "text": "It is in Paris."}],
            queries=[{"id": 1, "text": "Where?", "answerable": True, "answers": "Paris | Lyon, both"}],
            qrels=[{"q": 1, "c": 7}, {"q": 2, "c": 7}],
        )
    )
    assert (found.drafts[0].gold, found.drafts[0].must_include) == (("3.md",), (["Paris | Lyon, both"],))
    assert found.notes == ["1 questions are judged and not there"]


def test_documents_that_share_a_safe_name_are_kept_apart() -> None:
    names = ["a/b", "a_b", "a b", "..", "", "Ærø", "x" * 300, "x" * 299, "字" * 100, "字" * 99]
    found = [bench_sets.document_name(name) for name in names]
    assert len(set(found)) == len(names)
    assert found[1] == "a_b.md"
    assert all("/" not in each and not each.startswith(".") and len(each.encode()) < 200 for each in found)


@pytest.mark.django_db
def test_the_gold_paths_are_those_that_ingest_gives(tmp_path: Path, transactional_db: None) -> None:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    place, documents = make_set(tmp_path), tmp_path / "documents"
    out, told = StringIO(), StringIO()
    call_command("case", "import", str(place), "--documents", str(documents), "--json", stdout=out, stderr=told)
    assert len(json.loads(out.getvalue())["imported"]) == 5
    assert f"next: manage.py ingest {documents}" in told.getvalue()
    with pytest.raises(CommandError, match="is there already"):
        call_command("case", "import", str(place), "--documents", str(documents), stdout=out, stderr=told)
    call_command("ingest", str(documents), "--public", stdout=out, stderr=told)
    paths = set(Document.objects.values_list("path", flat=True))
    assert {gold for case in EvaluationCase.objects.all() for gold in case.gold} == paths
    assert "## Later\n\nTheir leader" in (documents / bench_sets.document_name("Norm/ans")).read_text()
    case_sets.freeze("tiny", by=None)
    out = StringIO()
    call_command("evaluate", "tiny", "--json", stdout=out, stderr=told)
    assert json.loads(out.getvalue())["arms"]["rag"]["retrieval_hit"] == 1.0

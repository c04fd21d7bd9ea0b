"""The sample help centre: its files are what its sources say, its links lead somewhere, its questions have answers."""

import json
import re
from pathlib import Path
from zipfile import ZipFile

import pytest

from knowledge.sample.article import read_all
from knowledge.sample.build import HELP_CENTRE, build

QUESTIONS = HELP_CENTRE.parent / "questions.jsonl"
LINK = re.compile(rb'(?:\]\(|href="|Target="|/URI \()((?:\.\./public/)?[\w-]+\.(?:md|html|pdf|docx))[)"]')


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def questions() -> list[dict[str, str | bool | None]]:
    return [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]


def linked(name: str, content: Path) -> list[str]:
    if not name.endswith(".docx"):
        return [target.decode() for target in LINK.findall(content.read_bytes())]
    with ZipFile(content) as parts:
        return [target.decode() for target in LINK.findall(parts.read("word/_rels/document.xml.rels"))]


def test_rebuild_gives_the_committed_bytes(tmp_path: Path) -> None:
    build(tmp_path)

    assert files_below(tmp_path) == files_below(HELP_CENTRE)


@pytest.mark.parametrize("name", sorted(files_below(HELP_CENTRE)))
def test_links_lead_to_articles(name: str) -> None:
    path = HELP_CENTRE / name
    missing = [target for target in linked(name, path) if not (path.parent / target).exists()]

    assert missing == []


@pytest.mark.parametrize("suffix", ["md", "html", "pdf", "docx"])
def test_every_format_carries_links(suffix: str) -> None:
    articles = (HELP_CENTRE / "public").glob(f"*.{suffix}")

    assert all(linked(article.name, article) for article in articles)


def test_expected_answers_stand_in_their_articles() -> None:
    texts = {article.filename: article.markdown for article in read_all() if article.audience == "public"}
    wrong = [q["id"] for q in questions() if q["answerable"] and str(q["expected"]) not in texts[str(q["path"])]]

    assert wrong == []


def test_question_ids_are_unique() -> None:
    ids = [question["id"] for question in questions()]

    assert len(ids) == len(set(ids))

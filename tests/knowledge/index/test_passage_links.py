"""What a passage links to is written as the rows of other documents have it."""

import pytest

from knowledge.index.passage_links import MAX_LINKS, targets

PAGE = "https://help.example/billing/plans"


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("refunds.md", "guide/refunds.md"),
        ("../billing/refunds.md#annual", "billing/refunds.md"),
        ("/billing/refunds.md", "billing/refunds.md"),
        ("Export%20Project.md", "guide/Export Project.md"),
        ("https://help.example/a?utm_source=mail#top", "https://help.example/a"),
    ],
)
def test_links_of_files_are_paths(written: str, target: str) -> None:
    assert targets(f"See [this](<{written}>).", url="", path="guide/plans.md") == [target]


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("refunds", "https://help.example/billing/refunds"),
        ("/a#b", "https://help.example/a"),
        ("//x.example/b", "https://x.example/b"),
    ],
)
def test_links_of_pages_are_addresses(written: str, target: str) -> None:
    assert targets(f"See [this](<{written}>).", url=PAGE, path="plans") == [target]


@pytest.mark.parametrize(
    "written", ["#here", "mailto:a@b.example", "javascript:alert(1)", "plans.md", "http://[", "%00"]
)
def test_what_leads_to_no_other_document_is_left_out(written: str) -> None:
    assert targets(f"See [this](<{written}>).", url="", path="plans.md") == []


def test_each_once_and_no_list_of_everything() -> None:
    assert targets("[a](<a.md>) [b](<b.md>) [a](<a.md>)", url="", path="c.md") == ["a.md", "b.md"]
    assert targets(" ".join(f"[{n}](<{n}.md>)" for n in range(MAX_LINKS + 1)), url="", path="c.md") == []

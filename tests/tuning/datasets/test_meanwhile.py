"""What others do while a dataset is being made keeps it from being written, in a sentence."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.rows.examples import make_examples
from tests.rows.make import make_deployment
from tuning.datasets import candidates
from tuning.datasets.freezing import FreezeError, freeze
from tuning.models import Dataset, DatasetLine, ExampleState, TrainingExample

pytestmark = pytest.mark.django_db


def take_back_an_example() -> None:
    first = TrainingExample.objects.earliest("id")
    TrainingExample.objects.filter(pk=first.pk).update(state=ExampleState.IN_REVIEW, reviewer=None, reviewed_at=None)


def take_the_name() -> None:
    Dataset.objects.create(
        name="first", prompt="full", template_hash="0", checksum="", salt="", clusters=1, barred=0, tokens=1, longest=1
    )


@pytest.mark.parametrize(
    ("done", "told"),
    [
        (take_back_an_example, "an example was changed meanwhile; freeze again"),
        (take_the_name, "there is a dataset called first already"),
    ],
)
def test_what_changes_meanwhile_is_told(done: Callable[[], None], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_deployment()
    make_examples(12)
    drawn = candidates.of

    def meanwhile(*given: Any) -> Any:
        found = drawn(*given)
        done()
        return found

    monkeypatch.setattr(candidates, "of", meanwhile)
    with pytest.raises(FreezeError, match=told):
        freeze("first")
    assert not DatasetLine.objects.exists()

"""Losses and statistics as pictures: nothing that was told is lost, and nothing breaks on what no number is."""

import math

from dashboard.rendering import charts
from dashboard.training import pictures


def test_losses_run_over_their_steps_and_gaps_are_bridged() -> None:
    rows = [
        {"step": 1.0, "train_loss": 2.0, "valid_loss": 4.0, "train_accuracy": 0.1},
        {"step": 2.0, "train_loss": 1.0},
        {"step": 3.0, "train_loss": 0.0, "valid_loss": 2.0},
    ]
    found = pictures.of_metrics(rows)
    assert found is not None
    assert [line.name for line in found.lines] == ["train_loss", "valid_loss"]
    assert [line.points for line in found.lines] == ["0,80 360,120 720,160", "0,0 720,80"]
    assert (found.first, found.last, found.low, found.top) == (1.0, 3.0, 0.0, 4.0)
    assert found.rows[1] == (2.0, [1.0, None])
    assert not found.is_thinned


def test_what_is_no_number_is_left_out_and_rows_without_steps_are_counted() -> None:
    rows: list[dict[str, object]] = [
        {"loss": math.nan},
        {"loss": 1.0},
        {"loss": math.inf},
        {"eval_loss": True},
        {"loss": -1.0},
    ]
    found = pictures.of_metrics(rows)
    assert found is not None
    assert [(line.name, line.points) for line in found.lines] == [("loss", "180,0 720,160")]
    assert found.strays == 3, "nan, inf and true are said, as a line that goes on hides them"
    assert pictures.of_metrics([{"loss": 1.0}, {"loss": "nan"}]).strays == 1  # type: ignore[union-attr]
    assert pictures.of_metrics([]) is None
    assert pictures.of_metrics([{"step": 1.0, "learning_rate": 0.1}, {"loss": math.nan}]) is None
    one = pictures.of_metrics([{"step": 7.0, "loss": 0.5}])
    assert one is not None
    assert (one.lines[0].points, one.lines[0].is_dot) == ("360,0 360,0", True), "one step is a dot, not nothing"


def test_a_long_run_is_thinned_and_keeps_its_ends_and_every_spike() -> None:
    rows = [{"step": float(step), "loss": 1.0, "valid_loss": 2.0} for step in range(5000, 0, -1)]
    rows[1234]["loss"], rows[2345]["loss"], rows[3456]["valid_loss"] = 9.0, -1.0, 7.0
    found = charts.over_steps(rows, step="step", names=["loss", "valid_loss", "nothing"])
    assert found is not None
    assert found.is_thinned
    assert len(found.rows) <= 2 * charts.POINTS
    assert (found.rows[0][0], found.rows[-1][0], found.low, found.top) == (1.0, 5000.0, -1.0, 9.0)
    assert (5000.0 - 3456, [1.0, 7.0]) in found.rows
    assert [line.name for line in found.lines] == ["loss", "valid_loss"]


def test_every_statistic_is_shown_and_one_nobody_knows_as_a_table() -> None:
    found = pictures.of_dataset({
        "lengths": {"0+": 3, "500+": 9},
        "refusals": 2,
        "edited": 5,
        "questions_in_a_conversation": {"1": 11, "2": 1},
        "topics": [{"words": ["refund", "plan"], "lines": 8}, {"words": "export", "lines": 4}],
        "languages": {"en": 10, "de": 2},
        "documents": [{"title": "Refunds", "lines": 6}],
        "edits": {},
        "tone": {"warm": 3},
        "shapes": [{"kind": "list", "lines": 2}],
        "seed": 7,
    })  # fmt: skip
    assert [[bar.height for bar in bars.bars] for _, bars in found.columns] == [[53.33, 160.0], [160.0, 14.55]]
    assert found.shares == [(2, "say that the documents do not"), (5, "have an answer that was changed")]
    assert {
        each.title: [f"{bar.name} {bar.value:g} {bar.share:g}" for bar in each.bars] for each in found.measures
    } == {
        "What is asked about": ["refund, plan 8 100", "export 4 50"],
        "Languages of the answers": ["en 10 100", "de 2 20"],
        "What is cited most": ["Refunds 6 100"],
    }
    assert [(each.title, each.rows) for each in found.plain] == [
        ("Tone", [["warm", "3"]]),
        ("Shapes", [["list", "2"]]),
        ("Seed", [["7"]]),
    ]


def test_statistics_of_another_shape_than_known_are_a_table_too() -> None:
    found = pictures.of_dataset({"topics": "none", "lengths": [1, 2], "refusals": {"en": 1}})
    assert [each.title for each in found.plain] == ["Topics", "Lengths", "Refusals"]

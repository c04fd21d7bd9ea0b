"""Every question is answered, and once, whatever dies in the middle: read from the platforms' own stores."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.harness import points
from tests.harness.database import OTHERWISE_SET
from tests.harness.kills import say
from tests.harness.processes import ROOT


def run(**plan: float | str) -> dict[str, Any]:
    """tests.bot.questions.delivery_chaos in a process of its own, as it has a database of its own."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in plan.items()]
    environment = {name: value for name, value in os.environ.items() if name not in (*OTHERWISE_SET, "DATABASE_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bot.questions.delivery_chaos", *options],
        env=environment, cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout)
    say(f"{plan}: {result}")
    return result


def test_bots_and_the_database_die_while_people_ask() -> None:
    result = run(questions=60, kills=3, restarts=1, per_second=10, processes=1, lease=5)
    assert (result["lost"], result["doubled"]) == ([], [])


@pytest.mark.chaos
def test_ten_thousand_questions_a_hundred_kills_and_five_restarts() -> None:
    result = run(questions=10_000, kills=100, restarts=5, per_second=14, lease=10)
    assert (result["lost"], result["doubled"]) == ([], [])


@pytest.mark.chaos
def test_an_install_whose_postgres_is_killed_starts_it_again_and_loses_nothing() -> None:
    result = run(questions=1000, kills=10, restarts=0, postgres_kills=5, per_second=5, lease=10)
    assert (result["lost"], result["doubled"], result["restarted"]) == ([], [], 5)


@pytest.mark.chaos
def test_a_process_that_is_frozen_for_longer_than_its_lease_leaves_one_reply() -> None:
    result = run(questions=1000, kills=0, restarts=0, freezes=30, per_second=8, lease=6)
    assert (result["lost"], result["doubled"]) == ([], [])


@pytest.mark.chaos
@pytest.mark.parametrize("point", sorted(points.names()))
def test_each_point_at_which_a_process_can_die(point: str) -> None:
    result = run(questions=20, kills=0, restarts=0, per_second=10, processes=1, lease=3, failpoint=point)
    assert (result["lost"], result["doubled"]) == ([], [])
    assert result["died"] >= 2, "the point was not reached on both platforms"

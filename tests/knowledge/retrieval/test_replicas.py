"""Searches read a streaming replica while it is up and up to date, and nobody notices when it is not."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.processes import ROOT


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the system user of the servers may pass into, as pytest's are for their owner alone."""
    with tempfile.TemporaryDirectory(prefix="parley-replicas-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def test_a_replica_answers_until_it_lags_or_dies_and_nobody_is_turned_away(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.knowledge.retrieval.replication", str(folder)]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout)
    assert [step for step in ("both", "late", "killed", "back") if seen[step]["failed"]] == [], seen
    assert seen["both"]["answered"].keys() == {"replica1"}
    assert seen["removed_is_found"] is False
    assert seen["late"]["answered"].keys() == {"default"}
    assert seen["late_is_found"] is True
    assert seen["killed"]["answered"].keys() == {"replica1", "default"}
    assert seen["back"]["answered"].keys() == {"replica1"}
    assert not Path(folder / "two" / "postgres-18" / "postmaster.pid").exists()

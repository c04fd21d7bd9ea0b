"""A setting that makes a process die says so in its log, also when it names a point that there is not."""

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

import bot
from foundation import failpoints
from tests.harness import points
from tests.harness.processes import ROOT

BOT = Path(bot.__path__[0])
UNREADABLE = re.compile(r'failpoints\.reach\((?!"[^"]+"\))')


def test_every_point_is_named_where_it_is_reached() -> None:
    product = [path for room in ("bot", "knowledge", "llm", "tuning") for path in (ROOT / room).rglob("*.py")]
    assert [str(path) for path in product if UNREADABLE.search(path.read_text())] == []
    assert len(points.names()) >= 25


@pytest.mark.parametrize(
    ("setting", "said"),
    [("worker.claimed@3", "killed when it reaches 'worker.claimed', time number 3"),
     ("worker.claimd", "names 'worker.claimd', a point that nothing here reaches")],
)  # fmt: skip
def test_a_process_that_is_to_die_says_so_at_its_start(
    setting: str, said: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.FAILPOINT = setting
    with caplog.at_level(logging.WARNING):
        failpoints.announce(BOT)
    assert said in caplog.text


def test_nothing_is_said_without_a_point(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.FAILPOINT = ""
    failpoints.announce(BOT)
    assert caplog.text == ""


def test_a_process_dies_where_it_is_told_the_nth_time() -> None:
    code = "import django; django.setup(); from foundation.failpoints import reach; "
    code += "reach('a.b'); reach('a.c'); print('once', flush=True); reach('a.b'); print('twice', flush=True)"
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": "only-for-tests", "FAILPOINT": "a.b@2"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (-9, b"once\n")

"""Bots under load, with a model that takes eight seconds: `python -m tests.bot.questions.delivery_load`. Prints JSON.

`--events` a second come in, most of them not for the bot; `--answers` a second are questions. After `--minutes` of that
a burst of 300 questions follows, then one person asks 20 a second while others ask as before. `--only streaming` has 48
answers written on Slack at the same time, word by word, and measures how soon what comes in meanwhile is acknowledged.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from config import postgres
from tests.bot.questions.delivery_chaos import Bots, Plan, Stage, environment_of
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.providers import fake
from tests.fakes.slack.fake import FakeSlack
from tests.harness.processes import ROOT

MODEL_SECONDS = 8.0
LOUD = "U9999"  # asks far more than the others
BURST, BURST_SECONDS = 300, 10.0
ANSWERS, STREAMS = 48, 15  # at a time; Slack lets twenty begin to stream in a minute
TIMES = """
SELECT q.platform, q.asker, extract(epoch FROM q.finished_at - q.created_at)::float8
FROM bot_question q WHERE q.id > %s AND q.state = 'done'
"""


class Load:
    def __init__(self, url: str, slack: FakeSlack, discord: FakeDiscord) -> None:
        self.url, self.slack, self.discord = url, slack, discord
        self.chance = random.Random(1)  # noqa: S311  for a run that can be repeated
        self.stage = Stage(slack, discord, self.chance)
        slack.add_user(LOUD, name="loud")
        slack.add_channel("C-loud", name="loud", members=(LOUD, "U1"))
        self._number = 0

    def steady(self, seconds: float, events: float, answers: float) -> dict[str, Any]:
        """`events` a second over Slack, and `answers` questions a second on both platforms."""
        before, acks = self._last(), len(self.slack.acks)
        begun = time.monotonic()
        asked = said = 0
        while (passed := time.monotonic() - begun) < seconds:
            while asked < passed * answers:
                self._ask()
                asked += 1
            while said < passed * (events - answers):
                self.slack.post(f"C{said % 20}", f"U{said % 400}", f"Just talking, number {said}.")
                said += 1
            time.sleep(0.01)
        self._settle(before, asked, 120)
        times = [row[2] - MODEL_SECONDS for row in self._times(before)]
        acked = [ack.seconds for ack in list(self.slack.acks)[acks:]]
        return {
            "asked": asked, "answered": len(times), "events": asked + said,
            "overhead_p50": _share(times, 0.5), "overhead_p95": _share(times, 0.95),
            "ack_p50": _share(acked, 0.5), "ack_p99": _share(acked, 0.99), "ack_max": round(max(acked, default=0), 3),
        }  # fmt: skip

    def streaming(self, provider: fake.FakeProviders, seconds: float, events: float) -> dict[str, Any]:
        """`events` a second, none of them a question, while as many answers are written as one process writes."""
        provider.seconds, provider.is_even = seconds + 40.0, True
        provider.blocks = [(f"This is sentence {number} of a long answer. ", ()) for number in range(300)]
        before = self._last()
        for number in range(ANSWERS):
            self.slack.post(
                f"C{number % 20}", f"U{number}", f"<@{self.slack.bot_user_id}> How are plans {number} refunded?"
            )
        self.slack.wait_for(lambda: self._streams() >= STREAMS, 60, lambda: f"{self._streams()} answers are written")
        acks, spent, begun, said = len(self.slack.acks), _cpu(), time.monotonic(), 0
        while (passed := time.monotonic() - begun) < seconds:
            while said < passed * events:
                self.slack.post(f"C{said % 20}", f"U{said % 400}", f"Just talking, number {said}.")
                said += 1
            time.sleep(0.01)
        self.slack.wait_acked(timeout=30)
        acked = [ack.seconds for ack in list(self.slack.acks)[acks:]]
        used = {name: round((cpu - spent.get(name, 0.0)) / passed, 3) for name, cpu in _cpu().items()}
        provider.released.set()
        self._settle(before, ANSWERS, 120)
        limited = [call.method for call in list(self.slack.calls) if call.response.get("error") == "ratelimited"]
        return {"answers": ANSWERS, "events": said, "ack_p50": _share(acked, 0.5), "ack_p99": _share(acked, 0.99),
                "ack_max": round(max(acked, default=0), 3), "cores": used, "answered": len(self._times(before)),
                "limited": len(limited), "early": len(self.slack.early)}  # fmt: skip

    def _streams(self) -> int:
        return sum(call.response.get("ok", False) for call in self.slack.calls_of("chat.startStream"))

    def burst(self) -> dict[str, Any]:
        before, begun = self._last(), time.monotonic()
        for number in range(BURST):
            time.sleep(max(0.0, begun + number * BURST_SECONDS / BURST - time.monotonic()))
            self._ask()
        self._settle(before, BURST, 180)
        times = [row[2] for row in self._times(before)]
        return {"asked": BURST, "answered": len(times), "all_after": round(time.monotonic() - begun, 1),
                "p95": _share(times, 0.95)}  # fmt: skip

    def fairness(self, seconds: float) -> dict[str, Any]:
        """How long others wait without and with one person who asks 20 a second."""
        found = {}
        for name, rate in (("alone", 0.0), ("beside", 20.0)):
            before, begun, asked, noisy = self._last(), time.monotonic(), 0, 0
            while (passed := time.monotonic() - begun) < seconds:
                while asked < passed:
                    self._ask()
                    asked += 1
                while noisy < passed * rate:
                    self.slack.post(
                        "C-loud", LOUD, f"<@{self.slack.bot_user_id}> How are plans refunded, again {noisy}?"
                    )
                    noisy += 1
                time.sleep(0.01)
            self._settle(before, asked, 60)
            found[name] = _share([row[2] for row in self._times(before) if row[1] != LOUD], 0.95)
        return {**found, "ratio": round(found["beside"] / found["alone"], 3)}

    def _ask(self) -> None:
        self.stage.ask(self._number, 0.0)
        self._number += 1

    def _last(self) -> int:
        return int(self._rows("SELECT coalesce(max(id), 0) FROM bot_question")[0][0])

    def _times(self, after: int) -> list[Any]:
        return self._rows(TIMES, after)

    def _settle(self, after: int, count: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while len([row for row in self._times(after) if row[1] != LOUD]) < count and time.monotonic() < deadline:
            time.sleep(0.5)

    def _rows(self, sql: str, *parameters: object) -> list[Any]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql, parameters).fetchall()


def _cpu() -> dict[str, float]:
    """The CPU seconds of every process of a bot so far, by its command."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().decode().split("\0")
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has just ended
        if "runbot" in command:
            found[f"{' '.join(command[2:]).strip()} {entry.name}"] = (int(fields[11]) + int(fields[12])) / 100
    return found


def _share(values: list[Any], share: float) -> float:
    if len(values) < 2:
        return 0.0
    return round(float(statistics.quantiles([float(value) for value in values], n=100)[int(share * 100) - 1]), 3)


def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    with ExitStack() as stack:
        url = stack.enter_context(postgres.running(folder / "home"))
        server, provider = fake.start()
        stack.callback(server.shutdown)
        provider.seconds = MODEL_SECONDS
        slack = stack.enter_context(FakeSlack())
        discord = stack.enter_context(FakeDiscord())
        environment = environment_of(folder, url, Plan(lease=30), provider, slack, discord)
        subprocess.run([sys.executable, "-m", "tests.rows.delivery_rows"], env=environment, cwd=ROOT, check=True)
        bots = Bots(["slack", "discord"], 1, environment, folder / "bots.log", [])
        stack.callback(bots.stop)
        slack.wait_connected(60)
        discord.until(lambda: discord.connections, 60)
        load = Load(url, slack, discord)
        time.sleep(5)
        found = {}
        steady = partial(load.steady, options.minutes * 60, options.events, options.answers)
        streaming = partial(load.streaming, provider, options.minutes * 60, options.events)
        slack.enforce_rates = options.limits
        for name, measure in (
            ("steady", steady), ("burst", load.burst), ("fairness", partial(load.fairness, 30)),
            ("streaming", streaming),
        ):  # fmt: skip
            if options.only not in ("", name):
                continue
            found[name] = measure()
            sys.stderr.write(f"{name}: {found[name]}\n")
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--events", type=float, default=50.0)
    parser.add_argument("--answers", type=float, default=1.0)
    parser.add_argument("--only", default="", help="one of steady, burst, fairness, streaming")
    parser.add_argument("--limits", action="store_true", help="Slack's limits hold")
    with tempfile.TemporaryDirectory(prefix="parley-load-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o755)
        sys.stdout.write(json.dumps(run(parser.parse_args(), folder), indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Bots that are killed, frozen and cut off from their database while people ask.

`python -m tests.bot.questions.delivery_chaos`: two processes per platform over a PostgreSQL of its own, local platforms
and a local model. Prints, as JSON, how many questions were lost and how many have more than one reply, read from the
platforms' own stores.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from config import postgres
from tests.bot.questions.delivery_install import START_SECONDS, Install
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.providers import fake
from tests.fakes.slack.fake import FakeSlack
from tests.harness.processes import ROOT

CHANNELS, ASKERS = 20, 400
SETTLE_SECONDS = 60.0


@dataclass
class Plan:
    """What happens while the questions come in. `per_second` is of both platforms together."""

    questions: int = 300
    per_second: float = 10.0
    kills: int = 6
    freezes: int = 0
    restarts: int = 1
    postgres_kills: int = 0  # of an install that has to start its PostgreSQL again by itself
    redelivered: float = 0.1
    lease: int = 10
    processes: int = 2
    seed: int = 0
    failpoint: str = ""


@dataclass
class Result:
    asked: int = 0
    killed: int = 0
    frozen: int = 0
    restarted: int = 0
    seconds: float = 0.0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    died: int = 0


# Points that are only reached after another death, which comes first.
REACHED_AFTER = dict.fromkeys(("delivery.looked", "delivery.claimed", "sweep.looked"), "save.committed")
# What one reaches for the n-th time, so that questions before it have gone well.
TIMES = 3
LONG = [("A long answer begins here. ", (0,)), (("\n\n" + "onandon" * 30) * 60, ())]


class Bots:
    """The processes; each that dies is started again."""

    def __init__(
        self, platforms: list[str], count: int, environment: dict[str, str], log: Path, failpoints: list[str]
    ) -> None:
        self._environment, self._log = environment, log
        self._failpoints = {platform: list(failpoints) for platform in platforms}  # one for each start to come
        self.died = 0
        self._running = {(name, number): self._start(name) for name in platforms for number in range(count)}
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        threading.Thread(target=self._keep, daemon=True).start()

    def _start(self, platform: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, str(ROOT / "manage.py"), "runbot", platform]
        left = self._failpoints[platform]
        environment = {**self._environment, "FAILPOINT": left.pop(0) if left else ""}
        with self._log.open("ab") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def _keep(self) -> None:
        while not self._is_over.wait(0.2):
            with self._lock:
                for (platform, number), process in self._running.items():
                    if process.poll() is not None and not self._is_over.is_set():
                        self.died += process.returncode == -signal.SIGKILL
                        self._running[platform, number] = self._start(platform)

    def signal(self, chance: random.Random, number: signal.Signals) -> "subprocess.Popen[bytes]":
        with self._lock:
            process = chance.choice(sorted(self._running.items()))[1]
            if process.poll() is None:
                process.send_signal(number)
        return process

    def stop(self) -> list[int]:
        """Ask each to end, as a service manager does; how each did."""
        self._is_over.set()
        with self._lock:
            for process in self._running.values():
                process.send_signal(signal.SIGCONT)
                process.terminate()
            return [process.wait(30) for process in self._running.values()]


class Stage:
    """People who ask on both platforms, and what they got."""

    def __init__(self, slack: FakeSlack, discord: FakeDiscord, chance: random.Random) -> None:
        self.slack, self.discord, self._chance = slack, discord, chance
        self.asked_slack: list[tuple[str, str]] = []
        self.asked_discord: list[tuple[int, int]] = []
        for number in range(ASKERS):
            slack.add_user(f"U{number}", name=f"asker{number}")
        people = tuple(f"U{number}" for number in range(ASKERS))
        self._slack_channels = [f"C{number}" for number in range(CHANNELS)]
        for channel in self._slack_channels:
            slack.add_channel(channel, name=f"help-{channel.lower()}", members=people)
        self._discord_channels = [discord.add_channel(name=f"help-{number}") for number in range(CHANNELS)]
        self._people = [discord.add_user(f"asker{number}") for number in range(ASKERS)]

    def ask(self, number: int, redelivered: float) -> None:
        """One question in a thread of its own, on the one platform or the other."""
        text = f"How are annual plans refunded, case {number}?"
        if number % 2:
            channel = self._chance.choice(self._slack_channels)
            ts = self.slack.post(channel, f"U{number % ASKERS}", f"<@{self.slack.bot_user_id}> {text}")
            self.asked_slack.append((channel, ts))
            if self._chance.random() < redelivered:
                self._again(channel, ts, f"U{number % ASKERS}", text)
        else:
            place = self._chance.choice(self._discord_channels)
            person = self._people[number % ASKERS]
            message = self.discord.post(place, person, f"<@{self.discord.bot_id}> {text}")
            self.asked_discord.append((place, message))

    def _again(self, channel: str, ts: str, user: str, text: str) -> None:
        event = {"type": "app_mention", "channel": channel, "user": user, "ts": ts, "event_ts": ts,
                 "text": f"<@{self.slack.bot_user_id}> {text}", "team": self.slack.team_id}  # fmt: skip
        self.slack.send_event(event, retry_attempt=1)

    def replies(self) -> dict[str, list[bool]]:
        """For each question the replies in its thread: whether each is final."""
        found = {}
        for channel, ts in self.asked_slack:
            thread = self.slack.messages(channel, ts)
            own = [each for each in thread if each.get("bot_id") == self.slack.bot_id]
            found[f"slack {ts}"] = [not each["streaming"] and bool(each.get("metadata")) for each in own]
        for _, message in self.asked_discord:
            is_there = message in self.discord.world.channels
            there = self.discord.messages(message) if is_there else []
            own = [each for each in there if int(each["author"]["id"]) == self.discord.bot_id]
            found[f"discord {message}"] = [bool(each["components"]) for each in own]
        return found

    def shown(self, name: str) -> str:
        """What stands in the thread of a question, for whoever looks into a failure."""
        platform, number = name.split()
        if platform == "slack":
            channel = next(channel for channel, ts in self.asked_slack if ts == number)
            return str([(each["ts"], each.get("text")) for each in self.slack.messages(channel, number)])
        if int(number) not in self.discord.world.channels:
            return "no thread"
        calls = [(each.method, each.path[-45:], each.status) for each in self.discord.calls if number in each.path]
        return str([[(each["id"], each["content"]) for each in self.discord.messages(int(number))], calls])


def run(plan: Plan, folder: Path) -> Result:
    result = Result(asked=plan.questions)
    chance = random.Random(plan.seed)  # noqa: S311  for a run that can be repeated
    with ExitStack() as stack:
        url = "" if plan.postgres_kills else stack.enter_context(postgres.running(folder / "home"))
        providers = fake.start()
        stack.callback(providers[0].shutdown)
        slack = stack.enter_context(FakeSlack(seed=plan.seed, max_calls=1000))
        discord = stack.enter_context(FakeDiscord())
        environment = environment_of(folder, url, plan, providers[1], slack, discord)
        bots: Bots | Install
        log = folder / "bots.log"
        if plan.postgres_kills:
            bots = Install(environment, folder / "home", log)
        else:
            subprocess.run([sys.executable, "-m", "tests.rows.delivery_rows"], env=environment, cwd=ROOT, check=True)
            bots = Bots(["slack", "discord"], plan.processes, environment, log, _failpoints(plan))
        if plan.failpoint == "delivery.part_two":
            providers[1].blocks = LONG
        stack.callback(bots.stop)
        stage = Stage(slack, discord, chance)
        slack.wait_connected(START_SECONDS)
        discord.until(lambda: discord.connections, START_SECONDS)
        started = time.monotonic()
        _ask(plan, stage, bots, chance, folder / "home", result)
        settle(stage, SETTLE_SECONDS + plan.questions / 20)
        if plan.freezes or plan.failpoint == "sweep.looked":
            time.sleep(75)  # what a frozen process sent late is taken away by then
        result.seconds = round(time.monotonic() - started, 1)
        for name, replies in stage.replies().items():
            if not any(replies):
                result.lost.append(f"{name} {replies} {stage.shown(name)}")
            elif len(replies) > 1 and plan.failpoint != "delivery.part_two":
                result.doubled.append(name)
        result.died = bots.died + (folder / "bots.log").read_text().count("killed by SIGKILL; it is")
    return result


def _failpoints(plan: Plan) -> list[str]:
    first = REACHED_AFTER.get(plan.failpoint)
    found = [f"{first}@{TIMES}", plan.failpoint] if first else [f"{plan.failpoint}@{TIMES}"]
    return found if plan.failpoint else []


def _ask(plan: Plan, stage: Stage, bots: Bots | Install, chance: random.Random, home: Path, result: Result) -> None:
    moments = sorted(
        [(chance.randrange(plan.questions), "kill") for _ in range(plan.kills)]
        + [(chance.randrange(plan.questions), "freeze") for _ in range(plan.freezes)]
        + [(chance.randrange(plan.questions), "restart") for _ in range(plan.restarts)]
        + [(chance.randrange(plan.questions), "postgres") for _ in range(plan.postgres_kills)]
    )
    begun = time.monotonic()
    for number in range(plan.questions):
        time.sleep(max(0.0, begun + number / plan.per_second - time.monotonic()))
        stage.ask(number, plan.redelivered)
        while moments and moments[0][0] <= number:
            _befall(moments.pop(0)[1], plan, bots, chance, home, result)


def _befall(what: str, plan: Plan, bots: Bots | Install, chance: random.Random, home: Path, result: Result) -> None:
    if what == "kill":
        bots.signal(chance, signal.SIGKILL)
        result.killed += 1
    elif what == "postgres" and isinstance(bots, Install):
        bots.kill_postgres()
        result.restarted += 1
    elif what == "freeze" and isinstance(bots, Bots):
        process = bots.signal(chance, signal.SIGSTOP)
        threading.Timer(plan.lease * 1.6, process.send_signal, [signal.SIGCONT]).start()
        result.frozen += 1
    else:
        server = postgres._locate(home)
        with postgres._alone(home):
            postgres._run(server, "pg_ctl", "restart", "-D", server.data, "-m", "immediate", "-w", "-l", server.log)
        result.restarted += 1


def settle(stage: Stage, seconds: float) -> None:
    """Until every question has its final reply, or `seconds` have passed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(any(replies) and all(replies) for replies in stage.replies().values()):
            return
        time.sleep(1.0)


def environment_of(
    folder: Path, url: str, plan: Plan, provider: fake.FakeProviders, slack: FakeSlack, discord: FakeDiscord
) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": url,
        "PARLEY_HOME": str(folder / "state"),
        "SECRET_KEY": "only-for-tests",
        "LEASE_SECONDS": str(plan.lease),
        "ANSWER_MODEL": "openai:a-model",
        "OPENAI_API_KEY": provider.key,
        "OPENAI_BASE_URL": provider.openai_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.url,
        "DISCORD_BOT_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, value in asdict(Plan()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument("--folder", type=Path, help="kept, with the log of the bots")
    options = vars(parser.parse_args())
    kept = options.pop("folder")
    with tempfile.TemporaryDirectory(prefix="parley-chaos-", ignore_cleanup_errors=True) as made:
        folder = kept or Path(made)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        sys.stdout.write(json.dumps(asdict(run(Plan(**options), folder))) + "\n")


if __name__ == "__main__":
    main()

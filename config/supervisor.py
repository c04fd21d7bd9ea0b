"""Runs Parley's processes side by side: prefixed logs, restarts with back-off, one Ctrl-C for all of them.

honcho starts a process in a session of its own, reads its output and prints it under its name. Its own manager stops
everything when one process ends, so what to do then is decided here.
"""

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import FrameType

from honcho.colour import get_colours
from honcho.printer import Message, Printer
from honcho.process import Process

FIRST_PAUSE = 1.0  # seconds before a restart, doubled each time
LONGEST_PAUSE = 30.0
HEALTHY_SECONDS = 60.0  # a process that ran this long starts again without memory of earlier deaths
STOP_SECONDS = 10.0  # from asking to killing


@dataclass
class Child:
    """One process that must always run."""

    name: str
    command: str
    colour: str
    pid: int | None = None
    deaths: int = 0
    started: float = 0.0
    restart_at: float | None = None
    thread: threading.Thread | None = field(default=None, repr=False)


class Supervisor:
    """Keeps `commands` (name -> shell command) running until a signal asks it to stop."""

    def __init__(self, commands: dict[str, str], environment: dict[str, str]) -> None:
        colours = get_colours()
        self._children = {name: Child(name, command, next(colours)) for name, command in commands.items()}
        # A child that sees its parent gone ends by itself, so kill -9 of this process leaves no orphans.
        self._environment = {**environment, "PARLEY_SUPERVISOR": str(os.getpid())}
        self._events: queue.Queue[Message] = queue.Queue()
        self._printer = Printer(sys.stdout, width=max(len(name) for name in [*commands, "parley"]))
        self._is_stopping = False

    def run(self, on_tick: Callable[[], None] = lambda: None) -> None:
        """Start everything and return when a signal (INT, TERM, HUP) has stopped it. `on_tick` runs twice a second."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        for child in self._children.values():
            self._start(child)
        while not self._is_stopping:
            self._handle_events(0.5)
            self._restart_due()
            on_tick()
        self._stop_all()

    def say(self, text: str) -> None:
        self._print("parley", None, f"{text}\n")

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True

    def _start(self, child: Child) -> None:
        child.started = time.monotonic()
        child.restart_at = None
        # exec: the process itself, not a shell around it, gets the signals
        process = Process(f"exec {child.command}", name=child.name, colour=child.colour, env=self._environment)
        child.thread = threading.Thread(target=process.run, args=(self._events,), daemon=True)
        child.thread.start()

    def _handle_events(self, patience: float) -> None:
        """Print and note what has come in, waiting at most `patience` seconds for the first of it."""
        try:
            event = self._events.get(timeout=patience)
            while True:
                self._handle(event)
                event = self._events.get_nowait()
        except queue.Empty:
            return

    def _handle(self, event: Message) -> None:
        child = self._children[event.name]
        if event.type == "line":
            self._printer.write(event)
        elif event.type == "start":
            child.pid = event.data["pid"]
        elif event.type == "stop":
            self._sweep(child)
            child.pid = None
            if not self._is_stopping:
                self._plan_restart(child, event.data["returncode"])

    def _plan_restart(self, child: Child, status: int) -> None:
        if time.monotonic() - child.started > HEALTHY_SECONDS:
            child.deaths = 0
        pause = min(FIRST_PAUSE * 2**child.deaths, LONGEST_PAUSE)
        child.deaths += 1
        child.restart_at = time.monotonic() + pause
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        self.say(f"{child.name} {how}; starting it again in {pause:g} s")

    def _restart_due(self) -> None:
        for child in self._children.values():
            if child.restart_at is not None and time.monotonic() >= child.restart_at:
                self._start(child)

    def _stop_all(self) -> None:
        self.say("stopping")
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children.values():
            self._signal(child, signal.SIGTERM)
        while any(child.pid for child in self._children.values()) and time.monotonic() < deadline:
            self._handle_events(0.2)
        for child in self._children.values():
            self._sweep(child)

    def _signal(self, child: Child, number: signal.Signals) -> None:
        if child.pid is not None:
            try:
                os.kill(child.pid, number)
            except ProcessLookupError:
                return  # its end is already on its way through the queue

    def _sweep(self, child: Child) -> None:
        """Kill what is left of the process group of a child: the workers of a killed master must not live on."""
        if child.pid is not None:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):  # macOS says so of a group of zombies
                return

    def _print(self, name: str, colour: str | None, text: str) -> None:
        self._printer.write(Message(type="line", data=text, time=datetime.now().astimezone(), name=name, colour=colour))

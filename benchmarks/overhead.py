"""What Parley adds around a model, and what a whole install weighs: python -m benchmarks.overhead

Starts `manage.py up` with the sample help centre in a temporary folder, logs in, and asks over HTTP like the page. The
model is a local server that speaks OpenAI's protocol and answers at once, so what time there is is Parley's.
"""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import numpy as np
import psutil

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = ROOT / "knowledge" / "sample" / "questions.jsonl"
START_SECONDS = 180
CHUNKS = ["Here ", "is ", "what ", "it ", "says ", "[1]", "."]


@dataclass
class Model:
    """When requests reached the provider and when it had sent its last byte (time.perf_counter())."""

    received: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)


def _handler(model: Model) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Quiet."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            model.received.append(time.perf_counter())
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            for number, text in enumerate([*CHUNKS, ""]):
                choice = {"index": 0, "delta": {"content": text}, "finish_reason": "stop" if not text else None}
                chunk = {
                    "id": "1",
                    "object": "chat.completion.chunk",
                    "created": number,
                    "model": "m",
                    "choices": [choice],
                }
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")
            self.wfile.flush()
            model.ended.append(time.perf_counter())

    return Handler


@contextmanager
def _provider() -> Iterator[tuple[Model, str]]:
    model = Model()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(model))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield model, f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()


@contextmanager
def _install(base_url: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`manage.py up` in a temporary home, and its one-time login link."""
    with tempfile.TemporaryDirectory(prefix="parley-overhead-") as home, socket.socket() as probe:
        Path(home).chmod(0o755)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment |= {
            "PARLEY_HOME": home, "PORT": str(port), "ANSWER_MODEL": "openai:m", "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": base_url,
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            yield process, _login_link(process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def _login_link(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+/login/link/\S+", line):
            return found.group()
    raise SystemExit("manage.py up ended before it was ready.")


def _csrf(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found is not None
    return found.group(1)


def _log_in(client: httpx2.Client, link: str) -> dict[str, str]:
    """Press the button of the link; returns the fields every question needs."""
    client.post(link, data={"csrfmiddlewaretoken": _csrf(client.get(link).text)})
    page = client.get(httpx2.URL(link).join("/ask/")).text
    found = re.search(r'name="collections" value="(\d+)"[^>]* checked', page)
    assert found is not None
    return {"csrfmiddlewaretoken": _csrf(page), "collections": found.group(1)}


def _ask(client: httpx2.Client, address: httpx2.URL, fields: dict[str, str], question: str) -> tuple[float, float]:
    """When the question was sent and when the finished answer had arrived."""
    started = time.perf_counter()
    reply = client.post(address, data={**fields, "question": question}, headers={"Accept": "text/event-stream"})
    assert "event: done" in reply.text, reply.text[:500]
    return started, time.perf_counter()


def _weight(process: "subprocess.Popen[str]") -> float:
    """MB of every process of the install, memory that several share divided among them (PSS)."""
    root = psutil.Process(process.pid)
    home = root.environ()["PARLEY_HOME"]
    servers = [
        p for p in psutil.process_iter(["name", "cmdline"]) if any(home in part for part in p.info["cmdline"] or ())
    ]
    family = {p.pid: p for top in [root, *servers] for p in [top, *top.children(recursive=True)]}
    return float(sum(p.memory_full_info().pss for p in family.values()) / 2**20)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each question is asked (default: 3)")
    rounds = parser.parse_args().rounds
    texts = [json.loads(line)["text"] for line in QUESTIONS.read_text().splitlines() if '"answerable": true' in line]
    with _provider() as (model, base_url), _install(base_url) as (process, link), httpx2.Client(timeout=60) as client:
        fields = _log_in(client, link)
        address = httpx2.URL(link).join("/ask/")
        _ask(client, address, fields, texts[0])
        before = len(model.received)
        asked = [_ask(client, address, fields, text) for _ in range(rounds) for text in texts]
        weight = _weight(process)
    sent, done = np.array(asked).T
    first = np.array(model.received[before:]) - sent
    last = done - np.array(model.ended[before:])
    rows = {"question sent to provider reached": first, "provider's end to answer arrived": last, "both": first + last}
    report = "| | median ms | p95 ms |\n|---|---|---|\n"
    for name, seconds in rows.items():
        report += f"| {name} | {np.median(seconds) * 1000:.1f} | {np.percentile(seconds, 95) * 1000:.1f} |\n"
    sys.stdout.write(f"{report}\n{len(asked)} questions. Target: both at most 100 ms at p95.\n")
    sys.stdout.write(f"All processes after them: {weight:.0f} MB (PSS). Target: at most 700 MB.\n")


if __name__ == "__main__":
    main()

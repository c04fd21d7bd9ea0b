"""A strict local server of the fine-tuning API: files, jobs, events, checkpoints. Breaks on demand.

Stricter than the real thing where it can be: a file has to be valid, a job's file has to be there, unknown fields are
refused, and nothing that costs money happens twice for one key without the test being able to see it.
"""

import base64
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.fakes.providers import protocols

KEY = "sk-tune-0123456789abcdef"
CSV = "step,train_loss,valid_loss\n1,2.5,2.6\n2,1.25,\n3,0.5,0.75\n"
KNOWN = {"model", "training_file", "validation_file", "suffix", "metadata", "method", "seed", "trainingType"}
STATES = ("validating_files", "queued", "running", "paused", "succeeded", "failed", "cancelled")

Json = dict[str, Any]


class FakeFineTuning:
    """What there is, and what befalls the next requests. `paid` counts the jobs that were begun."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        self.reset()

    def reset(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        self.jobs: dict[str, Json] = {}
        self.events: dict[str, list[Json]] = {}
        self.paid = 0
        self.lost_replies: set[str] = set()  # "files" or "jobs": done, and the connection breaks before the reply
        self.forgets_metadata = False
        self.is_base64 = False
        self.shutdown_date: str | None = None
        self.file_status = "processed"
        self.unknown_models: set[str] = set()
        self.replaced: dict[str, Json | list[Json] | bytes] = {}  # replies by the end of their path
        self.tuned: list[str] = []  # models that were tuned before

    def only_job(self) -> Json:
        assert len(self.jobs) == 1, list(self.jobs)
        return next(iter(self.jobs.values()))

    def move(self, status: str, **fields: Any) -> None:
        """The only job goes into a state; to succeed brings a model, tokens, checkpoints and metrics."""
        job = self.only_job()
        job["status"] = status
        if status == "succeeded":
            result = self.keep("results.csv", base64.b64encode(CSV.encode()) if self.is_base64 else CSV.encode())
            job["fine_tuned_model"] = f"ft:{job['model']}:org:voice:1"
            job |= {"trained_tokens": 12_345, "result_files": [result]}
        job |= fields

    def tell(self, message: str, *, key: str = "", level: str = "info") -> None:
        job = self.only_job()
        event = {
            "object": "fine_tuning.job.event",
            "id": key or f"ev-{uuid.uuid4().hex}",
            "created_at": int(time.time()),
        }
        self.events[job["id"]].append({**event, "level": level, "message": message, "type": "message", "data": {}})

    def keep(self, name: str, data: bytes) -> str:
        identity = f"file-{uuid.uuid4().hex[:12]}"
        self.files[identity] = (name, data)
        return identity


class _RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # a connection for each request, so that none is open in the end
    fake: FakeFineTuning

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._answer({
            r"/files": self._list_files,
            r"/files/(?P<file>[\w-]+)": self._file,
            r"/files/(?P<file>[\w-]+)/content": self._content,
            r"/fine_tuning/jobs": self._list_jobs,
            r"/fine_tuning/jobs/(?P<job>[\w-]+)": self._job,
            r"/fine_tuning/jobs/(?P<job>[\w-]+)/events": self._events,
            r"/fine_tuning/jobs/(?P<job>[\w-]+)/checkpoints": self._checkpoints,
            r"/models": self._models,
            r"/models/(?P<model>.+)": self._model,
        })  # fmt: skip

    def do_POST(self) -> None:
        self._raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        self._answer({
            r"/files": self._upload,
            r"/fine_tuning/jobs": self._create,
            r"/fine_tuning/jobs/(?P<job>[\w-]+)/cancel": self._cancel,
            r"/chat/completions": self._chat,
        })  # fmt: skip

    def _answer(self, routes: dict[str, Callable[..., Json | bytes]]) -> None:
        path = urlsplit(self.path).path.removeprefix("/v1")
        try:
            if self.headers.get("authorization") != f"Bearer {KEY}":
                raise _RefusedError(401, "Incorrect API key provided.")
            for end, reply in self.fake.replaced.items():
                if path.endswith(end):
                    self._send(200, _page(reply) if isinstance(reply, list) else reply)
                    return
            for pattern, act in routes.items():
                if match := re.fullmatch(pattern, path):
                    self._send(200, act(**match.groupdict()))
                    return
            raise _RefusedError(404, f"Unknown path {path}.")
        except _RefusedError as refused:
            error = {"message": str(refused), "type": "invalid_request_error", "code": None, "param": None}
            self._send(refused.status, {"error": error})
        except ConnectionAbortedError:
            self.close_connection = True

    def _send(self, status: int, payload: Json | bytes) -> None:
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send_response(status)
        self.send_header(
            "content-type", "application/json" if isinstance(payload, dict) else "application/octet-stream"
        )
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _lose_reply(self, what: str) -> None:
        if what in self.fake.lost_replies:
            self.fake.lost_replies.discard(what)
            raise ConnectionAbortedError

    def _list_files(self) -> Json:
        return _page([_file(key, *kept) for key, kept in self.fake.files.items()])

    def _file(self, file: str) -> Json:
        if file not in self.fake.files:
            raise _RefusedError(404, f"No such file: {file}")
        return _file(file, *self.fake.files[file]) | {"status": self.fake.file_status}

    def _content(self, file: str) -> bytes:
        if file not in self.fake.files:
            raise _RefusedError(404, f"No such file: {file}")
        return self.fake.files[file][1]

    def _upload(self) -> Json:
        parts = _parts(self.headers.get("content-type", ""), self._raw)
        name, data = parts["file"]
        if parts["purpose"][1] != b"fine-tune" or not name.endswith(".jsonl"):
            raise _RefusedError(400, "A file for fine-tuning ends in .jsonl and says its purpose.")
        _check_lines(data)
        identity = self.fake.keep(name, data)
        self._lose_reply("files")
        return _file(identity, name, data)

    def _list_jobs(self) -> Json:
        asked = parse_qs(urlsplit(self.path).query)
        wanted = {name[9:-1]: values[0] for name, values in asked.items() if name.startswith("metadata[")}
        jobs = list(self.fake.jobs.values())[::-1]
        if not self.fake.forgets_metadata:
            jobs = [job for job in jobs if wanted.items() <= (job["metadata"] or {}).items()]
        return _page(jobs)

    def _create(self) -> Json:
        body = json.loads(self._raw)
        if unknown := set(body) - KNOWN:
            raise _RefusedError(400, f"Unknown parameters: {', '.join(sorted(unknown))}")
        for name in ("training_file", "validation_file"):
            if body.get(name) is not None and body[name] not in self.fake.files:
                raise _RefusedError(400, f"The {name} {body[name]} does not exist.")
        if "training_file" not in body or "model" not in body:
            raise _RefusedError(400, "A job takes a model and a training_file.")
        if self.fake.file_status != "processed":
            raise _RefusedError(400, f"The training_file is {self.fake.file_status}.")
        if body["model"] in self.fake.unknown_models:
            raise _RefusedError(400, f"The specified base model {body['model']} does not support fine-tuning.")
        if len(body.get("suffix") or "") > 64:
            raise _RefusedError(400, "The suffix is too long.")
        identity = f"ftjob-{uuid.uuid4().hex[:12]}"
        self.fake.paid += 1
        self.fake.events[identity] = []
        self.fake.jobs[identity] = {
            "id": identity, "object": "fine_tuning.job", "created_at": int(time.time()), "status": "validating_files",
            "model": body["model"], "training_file": body["training_file"],
            "validation_file": body.get("validation_file"), "fine_tuned_model": None,
            "finished_at": None, "hyperparameters": {}, "organization_id": "org",
            "result_files": [], "seed": 1, "trained_tokens": None, "error": None, "method": body.get("method"),
            "metadata": None if self.fake.forgets_metadata else body.get("metadata"),
            "user_provided_suffix": body.get("suffix"),
        }  # fmt: skip
        self._lose_reply("jobs")
        return self.fake.jobs[identity]

    def _job(self, job: str) -> Json:
        if job not in self.fake.jobs:
            raise _RefusedError(404, f"No such job: {job}")
        return self.fake.jobs[job]

    def _events(self, job: str) -> Json:
        found = self._job(job)["id"]
        if found not in self.fake.events:
            raise _RefusedError(404, "The events of this job are not kept.")
        return _page(self.fake.events[found][::-1])

    def _checkpoints(self, job: str) -> Json:
        found = self._job(job)
        return _page([{
            "id": f"ckpt-{step}", "object": "fine_tuning.job.checkpoint", "created_at": 0, "fine_tuning_job_id": job,
            "fine_tuned_model_checkpoint": f"ft:{found['model']}:org:voice:1:ckpt-step-{step}", "step_number": step,
            "metrics": {"step": step, "train_loss": 2.0 / step},
        } for step in (1, 2)])  # fmt: skip

    def _cancel(self, job: str) -> Json:
        found = self._job(job)
        if found["status"] in ("succeeded", "failed", "cancelled"):
            raise _RefusedError(400, f"The job is {found['status']} already.")
        found["status"] = "cancelled"
        return found

    def _chat(self) -> bytes:
        """Any model but those that are unknown says one word."""
        body = json.loads(self._raw)
        if body["model"] in self.fake.unknown_models:
            raise _RefusedError(404, f"The model {body['model']} does not exist.")
        return "".join(protocols.chat_events(body["model"], [("ready", ())], protocols.Ending())).encode()

    def _models(self) -> Json:
        made = {"object": "model", "created": 1_700_000_000}
        bases = [{**made, "id": name, "owned_by": "openai"} for name in ("gpt-4o-mini", "ft:demo:openai::1")]
        return _page([*bases, *({**made, "id": name, "owned_by": "org-acme"} for name in self.fake.tuned)])

    def _model(self, model: str) -> Json:
        told = {"id": model, "object": "model", "created": 0, "owned_by": "org"}
        return {**told, "shutdown_date": self.fake.shutdown_date}


def _page(items: list[Json]) -> Json:
    return {"object": "list", "data": items, "has_more": False}


def _file(identity: str, name: str, data: bytes) -> Json:
    return {"id": identity, "object": "file", "bytes": len(data), "created_at": 0, "filename": name,
            "purpose": "fine-tune", "status": "processed"}  # fmt: skip


def _check_lines(data: bytes) -> None:
    lines = data.decode().splitlines()
    for number, line in enumerate(lines, start=1):
        messages = json.loads(line).get("messages")
        if not messages or messages[-1]["role"] != "assistant":
            raise _RefusedError(400, f"Line {number} does not end with the assistant.")


def _parts(content_type: str, raw: bytes) -> dict[str, tuple[str, bytes]]:
    """The parts of a form: name -> file name and bytes."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    found = {}
    for part in raw.split(b"--" + boundary)[1:-1]:
        head, _, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        named = dict(re.findall(r'(\w+)="([^"]*)"', head.decode()))
        found[named["name"]] = (named.get("filename", ""), body.removesuffix(b"\r\n"))
    return found


@pytest.fixture(scope="session")
def fine_tuning_server() -> Iterator[FakeFineTuning]:
    """One server for the run, so that the SDK's client, which is kept by address, serves every test."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.fake = FakeFineTuning(server)  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield handler.fake  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


@pytest.fixture
def fine_tuning(fine_tuning_server: FakeFineTuning) -> FakeFineTuning:
    """The server with nothing in it."""
    fine_tuning_server.reset()
    return fine_tuning_server

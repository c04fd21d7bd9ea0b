"""llama.cpp's server around a GGUF: OpenAI's protocol on an address of this machine."""

import os
import signal
import stat
import sys
import threading
from pathlib import Path

import xllamacpp

CONTEXT = 8192  # tokens of a prompt and its answer: six passages with their question are up to 2,000


def serve(model: Path, *, name: str, port: int, threads: int, adapter: Path | None = None) -> None:
    """Serve until somebody interrupts, or the standard input ends where that is a pipe.

    Says its address once it answers; port 0: any.
    """
    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(model)
    wanted.model_alias = {name}
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = port
    wanted.n_ctx = CONTEXT
    wanted.n_parallel = 1
    wanted.warmup = False
    wanted.cpuparams.n_threads = threads
    wanted.cpuparams_batch.n_threads = threads
    if adapter is not None:
        wanted.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter), 1.0)]
    server = xllamacpp.Server(wanted)
    is_over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: is_over.set())
    sys.stdout.write(f"{server.listening_address}/v1\n")
    sys.stdout.flush()
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):  # whoever started us holds the other end
        threading.Thread(target=_read_to_its_end, args=[is_over], daemon=True).start()
    while not is_over.wait(1.0):
        pass  # Python looks for signals here
    del server


def _read_to_its_end(is_over: threading.Event) -> None:
    sys.stdin.read()
    is_over.set()

"""The process that trains, and the one that serves what came of it; make train-setup makes their environment."""

import argparse
import sys
from pathlib import Path

from tuning.lora import process
from tuning.lora.workplace import TrainingFolder


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tuning.lora", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    for name in ("train", "work", "plan"):
        actions.add_parser(name).add_argument("folder", type=Path)
    serve = actions.add_parser("serve")
    serve.add_argument("model", type=Path, metavar="FILE.gguf")
    serve.add_argument("--name", required=True)
    serve.add_argument("--port", type=int, default=0)
    serve.add_argument("--adapter", type=Path, metavar="FILE.gguf")
    serve.add_argument("--threads", type=int, default=0)
    given = parser.parse_args(arguments)
    if given.action == "serve":
        process.serve(given.model, name=given.name, port=given.port, adapter=given.adapter, threads=given.threads)
        return 0
    folder = TrainingFolder(given.folder.resolve())
    return {"train": process.train, "work": process.work, "plan": process.plan}[given.action](folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""python -m tuning.lora train FOLDER: the process that trains, in an environment of its own (make train-setup)."""

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
    given = parser.parse_args(arguments)
    folder = TrainingFolder(given.folder.resolve())
    return {"train": process.train, "work": process.work, "plan": process.plan}[given.action](folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

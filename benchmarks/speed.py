"""How fast Parley searches and embeds, against peers on the same server and passages: python -m benchmarks.speed"""

import argparse
from pathlib import Path

from django.utils.module_loading import import_string

from benchmarks import server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--passages", type=int, default=60_000)
    parser.add_argument("--questions", type=int, default=200)
    arguments = parser.parse_args()
    with server.running() as url:  # models can be imported only now
        report = import_string("benchmarks.speed_tables.report")
        report(url, arguments.data, arguments.passages, arguments.questions)


if __name__ == "__main__":
    main()

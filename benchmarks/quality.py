"""How good the rankings are on the judged sets, passages as given: python -m benchmarks.quality --data DIR"""

import argparse
from pathlib import Path

from django.utils.module_loading import import_string

from benchmarks import server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--questions", type=int, default=600, help="per set, drawn with a fixed seed; 0 for all")
    arguments = parser.parse_args()
    with server.running() as url:  # models can be imported only now
        import_string("benchmarks.quality_tables.report")(url, arguments.data, arguments.questions)


if __name__ == "__main__":
    main()

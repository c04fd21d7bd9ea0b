"""How often quoting shows the gold answer, the whole corpus searched: python -m benchmarks.extraction --data DIR"""

import argparse
from pathlib import Path

from django.utils.module_loading import import_string

from benchmarks import server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--questions", type=int, default=600, help="drawn with a fixed seed; 0 for all")
    arguments = parser.parse_args()
    with server.running():  # models can be imported only now
        import_string("benchmarks.extraction_tables.report")(arguments.data, arguments.questions)


if __name__ == "__main__":
    main()

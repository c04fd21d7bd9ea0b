"""Fit the coefficients of retrieval/answerable.py on the shared sets: python -m benchmarks.fit_answerable --data DIR"""

import argparse
from pathlib import Path

from django.utils.module_loading import import_string

from benchmarks import server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments = parser.parse_args()
    with server.running():  # models can be imported only now
        import_string("benchmarks.answerable_fit.report")(arguments.data)


if __name__ == "__main__":
    main()

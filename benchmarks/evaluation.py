"""What a run of an evaluation takes, with nothing but this machine: python -m benchmarks.evaluation --data DIR

Questions of a judged set over all its passages, answered by quoting. Beside it in the same run: the same questions
retrieved and quoted in a plain loop by the same code, with no row, score or lease. The set is frozen before.
"""

import argparse
from pathlib import Path

from django.utils.module_loading import import_string

from benchmarks import server


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--set", dest="name", default="squad2")
    parser.add_argument("--cases", type=int, default=1_000)
    arguments = parser.parse_args()
    with server.running():  # models can be imported only now
        import_string("benchmarks.evaluation_tables.report")(arguments.data / arguments.name, arguments.cases)


if __name__ == "__main__":
    main()

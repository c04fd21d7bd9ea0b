"""How fast a folder of Markdown becomes searchable, and what a night costs in which 1 % changed:

python -m benchmarks.ingest --data DIR
"""

import argparse
from pathlib import Path

from django.utils.module_loading import import_string

from benchmarks import server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--documents", type=int, default=100, help="12,000 make about 100,000 passages")
    arguments = parser.parse_args()
    with server.running():  # models can be imported only now
        import_string("benchmarks.ingest_tables.report")(arguments.data, arguments.documents)


if __name__ == "__main__":
    main()

"""How the cost of retrieval grows with the number of passages: python -m benchmarks.scale --data DIR

The database stays in var/bench/scale, and grows from size to size and from run to run: a million passages take half an
hour once. Figures are kept beside it and drawn into docs/images/scaling.svg.
"""

import argparse
from pathlib import Path

from django.utils.module_loading import import_string

from benchmarks import server

SIZES = (1_000, 10_000, 60_000, 250_000, 1_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--most", type=int, default=SIZES[-1], help="passages of the largest size")
    arguments = parser.parse_args()
    sizes = [size for size in SIZES if size <= arguments.most]
    with server.kept(server.HOME / "scale", shared_buffers="2GB"):  # models can be imported only now
        import_string("benchmarks.scale_tables.report")(arguments.data, sizes)


if __name__ == "__main__":
    main()

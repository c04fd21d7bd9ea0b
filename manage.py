#!/usr/bin/env python
"""Run a command of Parley's; with no DATABASE_URL, over the embedded PostgreSQL of PARLEY_HOME."""

import sys

from config.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv))

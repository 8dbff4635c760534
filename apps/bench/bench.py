#!/usr/bin/python3
"""Measures Cohort, and beside it etcd, Redis and the ceiling probe.

See docs/BENCHMARKS.md, and --help."""

import sys

from compare.main import main

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)

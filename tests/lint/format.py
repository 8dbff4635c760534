#!/usr/bin/python3
"""Lays out all C++ files, or says which are not laid out.

    format.py [--check] CLANG_FORMAT"""

import subprocess
import sys
from pathlib import Path

from lint import read_tree, sources

ROOT = Path(__file__).resolve().parents[2]


def main():
    """Runs clang-format over all sources at once."""
    check = sys.argv[1] == "--check"
    mode = ["--dry-run", "--Werror"] if check else ["-i"]
    files = sources(read_tree(ROOT), "actors/", "apps/", "tests/")
    done = subprocess.run([sys.argv[-1], *mode, *files], cwd=ROOT, check=False)
    if check and done.returncode != 0:
        print("run ./dev fmt")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())

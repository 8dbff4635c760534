#!/usr/bin/python3
"""What compilers and clang-format do not check: the edges between folders, what
pure code may include, and the outward form of all files.

    lint.py [ROOT]

Prints one violation a line, and ends with status 1 if there is any."""

import re
import sys
from pathlib import Path

# -- the rules ----------------------------------------------------------------

# What the files of a folder of actors/ may include, besides its own (L3). A
# folder within another has the rules of that one, unless it has its own.
MAY_INCLUDE = {
    "core": set(),
    "replication": {"core"},
    "codec": {"core", "replication", "schemas"},
    "machine": {"core", "codec", "replication"},
    "storage": {"core", "codec", "replication"},
    "transport": {"core", "codec", "replication"},
    "runtime": {"core", "codec", "machine", "replication", "storage",
                "transport"},
    "resp": {"core", "codec", "machine", "replication", "runtime", "storage",
             "transport"},
    "testkit/history": {"core"},
}
# These may include all of actors/.
TOP_FOLDERS = {"testkit"}

# Folders that are pure as a whole (L1). Elsewhere a header says so of itself,
# in its first lines: "Pure".
PURE_FOLDERS = {"core", "replication"}
# What is there in builds for the simulator only: each of its threads has dice.
SIMULATORS_OWN = {"actors/core/fault_point.cpp"}
PURE_MARK = re.compile(r"\bPure\b")
IMPURE_INCLUDE = re.compile(
    r"(caf|capnp|kj|sys|rocksdb|spdlog)/|"
    r"(thread|mutex|shared_mutex|condition_variable|future|atomic|random|"
    r"fstream|iostream|filesystem|ctime|time\.h|unistd\.h|fcntl\.h|poll\.h)$")
IMPURE_WORD = re.compile(
    r"\b(steady_clock|system_clock|high_resolution_clock|random_device|"
    r"thread_local|getenv)\b")

# The world's readers: only the codec decodes (design, section 3).
GENERATED = re.compile(r"\.capnp\.h$")

LINES_MAX = 600
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 80

# Functions that were longer before there was a rule. May only shrink.
FUNCTION_LINES = {"tests/storage/log_script.hpp": 76}

# Tests wait for a condition, never for a time.
SLEEP = re.compile(
    r"\b(sleep_for|sleep_until|usleep|nanosleep)\b|\btime\.sleep\b")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

SOURCES = (".cpp", ".hpp")
TEXTS = SOURCES + (".py", ".capnp", ".cmake", ".md", ".txt", ".json", ".toml",
                   ".js", ".sh")
PLAIN_NAMES = {"dev", ".ci/run"}
ROOTS = ("actors", "apps", "cmake", "docs", "schemas", "tests")
LEFT_OUT = {"testdata", "node_modules", "__pycache__"}

INCLUDE = re.compile(r'^#include ["<]([^">]+)[">]', re.MULTILINE)
QUOTED_INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
NAMED_FILE = re.compile(r"`([\w/]+\.(?:cpp|hpp|py|capnp))`")


# -- the tree -----------------------------------------------------------------

def read_tree(root):
    """All texts of the project, by path."""
    paths = [root / name for name in PLAIN_NAMES]
    paths += [x for x in root.iterdir() if x.suffix in TEXTS]
    for name in ROOTS:
        paths += [x for x in (root / name).rglob("*")
                  if x.suffix in TEXTS
                  and not LEFT_OUT & set(x.relative_to(root).parts)]
    return {str(x.relative_to(root)): x.read_text(encoding="utf-8")
            for x in paths if x.is_file()}


def sources(tree, *under):
    """The C++ files under some folders, sorted."""
    return sorted(path for path in tree
                  if path.endswith(SOURCES) and path.startswith(under))


def line_of(text, offset):
    """The number of the line at an offset."""
    return text.count("\n", 0, offset) + 1


def includes(text):
    """Line and name of all that is included."""
    return [(line_of(text, x.start()), x.group(1))
            for x in INCLUDE.finditer(text)]


def project_includes(tree, path):
    """The files of the project that a file includes."""
    return [f"actors/{x.group(1)}"
            for x in QUOTED_INCLUDE.finditer(tree[path])
            if f"actors/{x.group(1)}" in tree]


def without_comments(text):
    """The same lines, without what stands behind //."""
    return re.sub(r"//[^\n]*", "", text)


# -- edges --------------------------------------------------------------------

def folder_of(name):
    """The folder of the table that has a file, by its path in actors/."""
    parts = name.split("/")
    nested = "/".join(parts[:2])
    return nested if nested in MAY_INCLUDE else parts[0]


def folder_edges(tree):
    """A folder includes only those below it."""
    for path in sources(tree, "actors/"):
        own = folder_of(path.split("/", 1)[1])
        if own in TOP_FOLDERS:
            continue
        if own not in MAY_INCLUDE:
            yield f"{path}: folder {own} is not in the table of layers"
            continue
        for line, name in includes(tree[path]):
            other = folder_of(name)
            known = other in MAY_INCLUDE or other in TOP_FOLDERS \
                or other == "schemas"
            if known and "/" in name and other != own \
                    and other not in MAY_INCLUDE[own]:
                yield f"{path}:{line}: {own} must not include {other}"


def generated_headers(tree):
    """Generated headers stay within the codec."""
    for path in sources(tree, "actors/", "apps/", "tests/"):
        if path.startswith("actors/codec/"):
            continue
        for line, name in includes(tree[path]):
            if GENERATED.search(name):
                yield f"{path}:{line}: only codec includes {name}"


def cycles(tree):
    """No file includes itself by way of others."""
    done = set()

    def visit(path, trail):
        if path in trail:
            yield f"{path}: includes itself: " \
                + " -> ".join(trail[trail.index(path):] + [path])
        elif path not in done:
            for other in project_includes(tree, path):
                yield from visit(other, trail + [path])
            done.add(path)

    for path in sources(tree, "actors/"):
        yield from visit(path, [])


# -- purity -------------------------------------------------------------------

def is_pure(tree, path):
    """Whether a file is in a pure folder, says that it is pure, or is a part of
    a header that says so: `front_replies.cpp`, which includes `front.hpp`
    first."""
    if path in SIMULATORS_OWN:
        return False
    if path.split("/")[1] in PURE_FOLDERS:
        return True
    if path.endswith(".hpp"):
        head = tree[path].split("#pragma once")[0]
        return PURE_MARK.search(head) is not None
    first = QUOTED_INCLUDE.search(tree[path])
    own = f"actors/{first.group(1)}" if first else ""
    return own in tree and path.startswith(own[:-len(".hpp")]) \
        and is_pure(tree, own)


def impure_reached(tree, path, seen):
    """The trail to the first impure include that a file reaches."""
    seen.add(path)
    for _, name in includes(tree[path]):
        if IMPURE_INCLUDE.match(name):
            return [name]
    for other in project_includes(tree, path):
        # What frames are made of is the codec's affair.
        if other in seen or other.startswith("actors/codec/"):
            continue
        trail = impure_reached(tree, other, seen)
        if trail:
            return [other] + trail
    return None


def purity(tree):
    """Pure code gets time, chance and files as values."""
    for path in sources(tree, "actors/"):
        if not is_pure(tree, path):
            continue
        trail = impure_reached(tree, path, set())
        if trail:
            yield f"{path}: pure code must not include " + " -> ".join(trail)
        text = without_comments(tree[path])
        for x in IMPURE_WORD.finditer(text):
            yield f"{path}:{line_of(text, x.start())}: pure code must not " \
                f"use {x.group(1)}"


# -- form ---------------------------------------------------------------------

def headers(tree):
    """Headers are included once; sources include their own first."""
    for path in sources(tree, "actors/", "apps/", "tests/"):
        text = tree[path]
        if path.endswith(".hpp"):
            if "\n#pragma once\n" not in "\n" + text:
                yield f"{path}: has no #pragma once"
            continue
        own = path[:-len(".cpp")] + ".hpp"
        first = QUOTED_INCLUDE.search(text)
        name = own.split("/", 1)[1]
        ways = {name, name.rsplit("/", 1)[-1]}  # tests: from their own folder
        if own in tree and (not first or first.group(1) not in ways):
            yield f"{path}: must include {name} first"


def form(tree):
    """What all texts have in common."""
    for path, text in sorted(tree.items()):
        if text and not text.endswith("\n"):
            yield f"{path}: does not end with a line break"
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line:
                yield f"{path}:{number}: has a tab"
            if line != line.rstrip():
                yield f"{path}:{number}: ends with a blank"
            if len(line) > COLUMNS_MAX and has_columns(path, line):
                yield f"{path}:{number}: has {len(line)} columns, " \
                    f"at most {COLUMNS_MAX}"


def has_columns(path, line):
    """Tables, addresses and what is shown as it is cannot be broken, nor can
    what CMake and JSON take as one value."""
    if path.endswith((".txt", ".cmake", ".json")):
        return False
    return not (path.endswith(".md")
                and ("|" in line or "://" in line or line.startswith("    ")))


def sizes(tree):
    """Files and functions that can be read at once."""
    for path in sorted(tree):
        if not path.endswith(SOURCES + (".py",)):
            continue
        lines = tree[path].count("\n")
        if lines > LINES_MAX:
            yield f"{path}: has {lines} lines, at most {LINES_MAX}"
        if path.endswith(SOURCES):
            yield from long_functions(path, tree[path])


def long_functions(path, text):
    """By the layout of clang-format: what begins and ends at the margin."""
    most = FUNCTION_LINES.get(path, FUNCTION_LINES_MAX)
    begin = None
    for number, line in enumerate(text.split("\n"), 1):
        if line == "}" and begin is not None:
            if number - begin + 1 > most:
                yield f"{path}:{begin}: a function of {number - begin + 1} " \
                    f"lines, at most {most}"
            begin = None
        elif line.endswith("{") and not line.startswith((" ", "namespace")):
            begin = number
        elif line.startswith("}"):
            begin = None


def words(tree):
    """What is finished has no marks of the unfinished; tests do not sleep."""
    for path, text in sorted(tree.items()):
        if path.startswith("tests/lint/"):
            continue
        for x in UNFINISHED.finditer(text):
            yield f"{path}:{line_of(text, x.start())}: is not finished: " \
                f"{x.group(1)}"
        if path.startswith("tests/"):
            for x in SLEEP.finditer(text):
                yield f"{path}:{line_of(text, x.start())}: waits for a time; " \
                    "wait for a condition"


def dead_files(tree):
    """Each source is named in a CMakeLists.txt of its folder, or above."""
    for path in sources(tree, "actors/", "apps/", "tests/"):
        if not path.endswith(".cpp"):
            continue
        parts = path.split("/")
        named = False
        for depth in range(1, len(parts)):
            lists = tree.get("/".join(parts[:depth]) + "/CMakeLists.txt", "")
            rest = "/".join(parts[depth:])
            named = named or re.search(
                r"(^|[\s(/])" + re.escape(rest) + r"($|[\s)])",
                lists) is not None
        if not named and path != "tests/main.cpp":
            yield f"{path}: is in no CMakeLists.txt: nobody builds it"


def promised_files(tree):
    """A promise in the docs names the test that proves it, and that is there.
    Decisions tell of their own time."""
    for path, text in sorted(tree.items()):
        if not path.endswith(".md") or path.startswith("docs/decisions/"):
            continue
        for x in NAMED_FILE.finditer(text):
            name = x.group(1)
            if not any(("/" + known).endswith("/" + name) for known in tree):
                yield f"{path}:{line_of(text, x.start())}: there is no {name}"


RULES = (folder_edges, generated_headers, cycles, purity, headers, form, sizes,
         words, dead_files, promised_files)


def violations(tree):
    """All that is wrong with a tree of texts by path."""
    return [x for rule in RULES for x in rule(tree)]


def main():
    """Checks a tree on disk."""
    default = Path(__file__).resolve().parents[2]
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    found = violations(read_tree(root))
    for x in found:
        print(x)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

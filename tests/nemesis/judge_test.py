"""Histories as the clients write them: those of a store that does one thing
after the other are good, and whatever is spoiled in them is found."""

import os
import random
import subprocess
import tempfile
import unittest
from pathlib import Path

import resp
from fake_store import FakeStore
from load import Recorder
from operations import (COMPLETED, FAILED, OPEN_MAX, REFUSED, UNKNOWN, Items,
                        Writer)

JUDGE = os.environ["COHORT_JUDGE"]
HISTORIES = 10
OPERATIONS = 1000
AT_ONCE = 10
BOGUS = 123_456_789

GOOD, BAD, NO_HISTORY, TOO_OPEN = range(4)


class Clients:
    """Many clients of a FakeStore, whose operations overlap at random."""

    def __init__(self, seed, path, lost):
        self._draw = random.Random(seed)
        self._store = FakeStore()
        self._items = Items(1, 2)
        self._writer = Writer(self._draw)
        self._recorder = Recorder(path)
        self._lost = lost  # the part of answers that do not arrive
        self._last_connection = 0
        self._called = []
        self._served = []

    def run(self):
        """Writes a history."""
        for _ in range(OPERATIONS):
            self._call()
            while self._called and self._draw.random() < 0.6:
                self._serve()
            while self._served and self._draw.random() < 0.6:
                self._answer()
        for operation, called, _ in self._called + self._served:
            operation.results = None
            self._recorder.note(1, operation, called, UNKNOWN)
        self._recorder.close()
        return self._recorder.counts

    def _take(self, of):
        return of.pop(self._draw.randrange(len(of)))

    def _call(self):
        if len(self._called) + len(self._served) >= AT_ONCE:
            return
        for item in self._items.draw(self._draw, 1):
            self._last_connection += 1
            self._begin(self._writer.operation(item), self._last_connection)

    def _begin(self, operation, connection):
        operation.item.open += 1
        self._called.append((operation, Recorder.now(), connection))

    def _serve(self):
        operation, called, connection = self._take(self._called)
        outcome = operation.outcome(
            self._store.serve(connection, operation.commands))
        self._served.append((operation, called, outcome))
        if operation.watches and operation.item.has_room():
            self._begin(self._writer.compare_and_set(operation), connection)

    def _answer(self):
        operation, called, outcome = self._take(self._served)
        if self._draw.random() < self._lost:
            operation.results = None
            outcome = UNKNOWN if operation.changes() else FAILED
        self._items.end(operation.item, outcome)
        self._recorder.note(1, operation, called, outcome)


def judge(path):
    """The exit code, and what was said."""
    done = subprocess.run([JUDGE, str(path)], capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr


class JudgeTest(unittest.TestCase):
    """The program, and what the clients write for it."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = Path(directory.name) / "history"

    def make(self, seed, lost=0.0):
        """A good history; its lines."""
        counts = Clients(seed, self.path, lost).run()
        self.assertGreater(counts[COMPLETED], OPERATIONS / 3)
        return self.path.read_text().splitlines()

    def assert_spoiled(self, lines):
        """It is found."""
        self.path.write_text("\n".join(lines) + "\n")
        code, said = judge(self.path)
        self.assertEqual(code, BAD, said)
        self.assertIn("IMPOSSIBLE: key", said)

    def test_good_histories(self):
        for seed in range(HISTORIES):
            self.make(seed, lost=seed / HISTORIES / 4)
            code, said = judge(self.path)
            self.assertEqual(code, GOOD, f"{seed}: {said}")

    def test_every_kind_of_operation_is_there(self):
        text = "\n".join(self.make(1, lost=0.05))
        for words in ("completed read", "completed write", "completed add",
                      "completed expect", "refused expect", "unknown write",
                      "unknown add", "failed expect"):
            self.assertIn(words, text)

    def draw_line(self, seed, words):
        """Number and words of some line that has these words."""
        lines = self.make(seed)
        found = [i for i, x in enumerate(lines) if words in x]
        at = random.Random(seed).choice(found)
        return lines, at, lines[at].split()

    def test_a_value_out_of_nowhere(self):
        for seed in range(HISTORIES):
            lines, at, words = self.draw_line(seed, "completed read")
            words[words.index("read") + 2] = str(BOGUS)
            lines[at] = " ".join(words)
            self.assert_spoiled(lines)

    def test_a_lost_write(self):
        """Acknowledged, but a read right behind it has nothing of it."""
        for seed in range(HISTORIES):
            lines, at, words = self.draw_line(seed, "completed write")
            key, end = words[5], int(words[2])
            seen = f"1 {end + 1} {end + 2} completed read {key} 0"
            begin = f"1 0 {end + 3} completed"  # nobody else changes it
            lines = [x for x in lines[1:]
                     if f" {key} " not in f"{x} " or x == lines[at]]
            self.assert_spoiled(["cohort-history 1", *lines, seen,
                                 f"{begin} read 999 0"])

    def test_what_failed_took_effect(self):
        for seed in range(HISTORIES):
            lines, at, words = self.draw_line(seed, "completed read")
            value = words[words.index("read") + 2]
            key = words[words.index("read") + 1]
            writes = [i for i, x in enumerate(lines)
                      if f" write {key} {value}" in x + " "
                      and x.split()[3] == COMPLETED]
            if value == "0" or len(writes) != 1:
                continue
            words = lines[writes[0]].split()
            if "read" in words:
                continue
            words[3] = FAILED
            lines[writes[0]] = " ".join(words)
            self.assert_spoiled(lines)

    def test_an_addition_that_counts_twice(self):
        for seed in range(HISTORIES):
            lines, at, words = self.draw_line(seed, "completed add")
            words[1:3] = [str(10 ** 18), str(10 ** 18 + 1)]
            self.assert_spoiled([*lines] + 2 * [" ".join(words[:8])])

    def test_an_old_value(self):
        """Read again after somebody was told that it is overwritten."""
        for seed in range(HISTORIES):
            lines, _, words = self.draw_line(seed, "completed write")
            key, value = words[5:7]
            late = 10 ** 18
            self.assert_spoiled([
                *lines, f"1 {late} {late + 1} completed write {key} {BOGUS}",
                f"2 {late + 2} {late + 3} completed read {key} {value}"])

    def test_too_much_is_open(self):
        lines = ["cohort-history 1"]
        lines += [f"1 {i} - unknown write 7 {i}"
                  for i in range(OPEN_MAX + 1)]
        self.path.write_text("\n".join(lines) + "\n")
        code, said = judge(self.path)
        self.assertEqual(code, TOO_OPEN, said)
        self.path.write_text("\n".join(lines[:-1]) + "\n")
        self.assertEqual(judge(self.path)[0], GOOD)

    def test_what_is_no_history(self):
        for text in ("", "cohort-history 1\nwhat\n"):
            self.path.write_text(text)
            self.assertEqual(judge(self.path)[0], NO_HISTORY)
        self.assertEqual(judge(self.path.with_name("none"))[0], NO_HISTORY)


class OutcomeTest(unittest.TestCase):
    """What an answer means."""

    def setUp(self):
        self.writer = Writer(random.Random(1))
        self.item = next(x for x in Items(1, 1).draw(random.Random(1), 9)
                         if x.kind == "register")

    def outcome(self, make, *replies):
        """Of an operation that was answered so."""
        return make(self.writer, self.item).outcome(
            [resp.Refusal(x[1:]) if isinstance(x, str) and x[:1] == "-" else x
             for x in replies])

    def test_errors(self):
        for code in ("CLUSTERDOWN", "LOADING", "TRYAGAIN", "BUSY", "DISKFULL"):
            self.assertEqual(self.outcome(Writer.set, f"-{code} why"), FAILED)
        self.assertEqual(self.outcome(Writer.set, "-UNKNOWN 1:2:3:4"), UNKNOWN)
        self.assertEqual(self.outcome(
            Writer.swap, "OK", "-LOADING why", "QUEUED", "-EXECABORT why"),
            FAILED)
        for replies in ((b"5", "-LOADING why", b"5"),
                        (b"5", "OK", "-LOADING why")):
            self.assertEqual(self.outcome(Writer.watch, *replies), FAILED)
        with self.assertRaises(AssertionError):
            self.outcome(Writer.swap, "-LOADING why", "QUEUED", "QUEUED",
                         [None, "OK"])
        for said in ("-ERR what", "-WRONGTYPE what", 7, None):
            with self.assertRaises(AssertionError):
                self.outcome(Writer.set, said)
        with self.assertRaises(AssertionError):
            self.outcome(Writer.swap, "OK", "QUEUED", "QUEUED",
                         "-EXECABORT why")

    def test_conditions(self):
        self.assertEqual(self.outcome(Writer.set_if_absent, None), REFUSED)
        self.assertEqual(self.outcome(Writer.set_if_absent, "OK"), COMPLETED)
        self.assertEqual(
            self.outcome(Writer.swap, "OK", "QUEUED", "QUEUED", None), FAILED)

    def test_an_item_is_used_for_so_long_only(self):
        draw = random.Random(1)
        items = Items(1, 1)
        while len(items.keys) < 20:
            for x in items.draw(draw, 9):
                x.open += 1
                self.assertLess(x.open, OPEN_MAX)
                items.end(x, draw.choice((UNKNOWN, COMPLETED)))
        self.assertEqual(items.keys, list(range(1, items.next_key)))


if __name__ == "__main__":
    unittest.main()

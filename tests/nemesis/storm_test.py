"""Storms are drawn from their seeds, and take back all that they did."""

import random
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import faults
import storm
from arena import Network
from storm import Storm

STORM_SECONDS = 0.5


class FakeArena:
    """Keeps what is said."""

    def __init__(self, check=lambda: None):
        self.said = []
        self.alone = False
        self.check_processes = check

    def say(self, text):
        """The same."""
        self.said.append(text)


def shower(arena, draw):
    """A fault of any length."""
    number = draw.randrange(10 ** 9)
    arena.say(f"begins {number}")
    try:
        yield draw.uniform(0, 0.2)
        yield lambda: True
    finally:
        arena.say(f"ends {number}")


def drizzle(arena, draw):
    """Nobody was there to be harmed."""
    arena.say(f"nothing {draw.randrange(10 ** 9)}")
    return
    yield  # pylint: disable=unreachable


class StormTest(unittest.TestCase):
    """With faults that are made up."""

    def setUp(self):
        for patch in (
                mock.patch.dict(storm.FAULTS, {"a": shower, "b": drizzle},
                                clear=True),
                mock.patch.object(storm, "PAUSE_SECONDS", (0, 0.02))):
            patch.start()
            self.addCleanup(patch.stop)

    def blow(self, seed, arena=None, kinds=("a", "b")):
        """What was said in such a storm, and which kinds took place."""
        arena = arena or FakeArena()
        made = Storm(arena, seed, kinds)
        made.blow(STORM_SECONDS, lambda: None)
        return arena.said, made.kinds

    def test_a_seed_draws_the_same(self):
        begins = [[x for x in self.blow(seed)[0] if not x.startswith("ends")]
                  for seed in (1, 1, 2)]
        many = min(map(len, begins))
        self.assertGreater(many, 3)
        self.assertEqual(begins[0][:many], begins[1][:many])
        self.assertNotEqual(begins[0][:many], begins[2][:many])

    def test_all_that_began_is_taken_back(self):
        said, kinds = self.blow(3)
        self.assertEqual(sorted(x[7:] for x in said if "begins" in x),
                         sorted(x[5:] for x in said if "ends" in x))
        self.assertEqual(len(kinds), sum("begins" in x for x in said))

    def test_only_what_was_asked_for(self):
        said, kinds = self.blow(4, kinds=("b",))
        self.assertEqual(kinds, [])
        self.assertTrue(all(x.startswith("nothing") for x in said))

    def test_an_error_ends_it(self):
        for where in range(2):
            def fails():
                raise AssertionError("broken")

            def flash(arena, _, where=where, fails=fails):
                arena.say("begins 1")
                try:
                    yield 0
                    if where:
                        fails()
                    yield fails
                finally:
                    arena.say("ends 1")

            arena = FakeArena()
            storm.FAULTS["a"] = flash
            with self.assertRaisesRegex(AssertionError, "broken"):
                self.blow(5, arena, kinds=("a",))
            self.assertEqual(sum("begins" in x for x in arena.said),
                             sum("ends" in x for x in arena.said))

    def test_all_is_taken_back_if_something_is_wrong_then(self):
        def flash(arena, _):
            arena.say("begins 1")
            try:
                yield 1000
            finally:
                arena.say("ends 1")
                raise AssertionError("broken")

        arena = FakeArena()
        storm.FAULTS["a"] = flash
        made = Storm(arena, 8, ("a",))  # so faults do not end with it
        with self.assertRaisesRegex(AssertionError, "broken"):
            made.blow(STORM_SECONDS, lambda: None)
        self.assertGreater(arena.said.count("begins 1"), 1)
        self.assertEqual(arena.said.count("begins 1"),
                         arena.said.count("ends 1"))

    def test_a_process_that_is_gone_ends_it(self):
        def broken():
            raise AssertionError("n1 is gone")

        arena = FakeArena(broken)
        with self.assertRaisesRegex(AssertionError, "n1 is gone"):
            self.blow(6, arena)

    def test_one_that_wants_to_be_alone(self):
        def lonely(arena, _):
            arena.alone = True
            arena.say("begins 1")
            yield 1000

        storm.FAULTS["a"] = lonely
        said, _ = self.blow(7, kinds=("a",))
        self.assertEqual(said, ["begins 1"])


class NetworkTest(unittest.TestCase):
    """Several harms on the same direction."""

    def test_each_is_taken_back_by_itself(self):
        nodes = [SimpleNamespace(name=f"n{i}", peer_port=1)
                 for i in (1, 2, 3)]
        network = Network(nodes, [0, 0, 0], 1)
        self.addCleanup(network.close)
        told = {}
        ask = network.ask

        def listen(**command):
            told.update({tuple(x[:2]): x[2] for x in command["of"]})
            return ask(**command)

        network.ask = listen
        way, other = ("n1", "n2"), ("n2", "n1")
        cut = network.harm([way, other], cut=True)
        slow = network.harm([way], bytes_per_second=500, delay_ms=5)
        slower = network.harm([way], bytes_per_second=100, delay_ms=1)
        self.assertEqual(told, {
            way: {"cut": True, "bytes_per_second": 100, "delay_ms": 5},
            other: {"cut": True}})
        network.take_back(cut)
        self.assertEqual(told[other], {})
        network.take_back(slower)
        self.assertEqual(told[way], {"bytes_per_second": 500, "delay_ms": 5})
        self.assertFalse(network.is_calm())
        network.take_back(slow)
        self.assertEqual(told[way], {})
        self.assertTrue(network.is_calm())


class FlipTest(unittest.TestCase):
    """Bits of files."""

    def test_bits_flip_where_something_was_written(self):
        with tempfile.TemporaryDirectory() as name:
            data = Path(name)
            before = b"some bytes" + bytes(1000)
            (data / "log").mkdir()
            for path in (data / "log" / "one", data / "two"):
                path.write_bytes(before)
            (data / "empty").write_bytes(bytes(1000))
            said = faults.flip_bits(data, random.Random(1))
            flips = 0
            for path in (data / "log" / "one", data / "two"):
                after = path.read_bytes()
                self.assertEqual(after[10:], before[10:])
                flips += sum((x ^ y).bit_count()
                             for x, y in zip(before, after))
            self.assertEqual(flips, len(said))
            self.assertEqual((data / "empty").read_bytes(), bytes(1000))


if __name__ == "__main__":
    unittest.main()

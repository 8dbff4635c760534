"""A run looks at what nodes printed, and forgets no error over another one."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import nemesis
from nemesis import Nemesis, all_of


class RoundTest(unittest.TestCase):
    """With an arena, clients and storms that do nothing."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        for name in ("Arena", "Load", "Storm"):
            patch = mock.patch.object(nemesis, name)
            setattr(self, name.lower(), patch.start().return_value)
            self.addCleanup(patch.stop)
        patch = mock.patch.object(Nemesis, "judge")
        patch.start()
        self.addCleanup(patch.stop)
        self.storm.kinds = []
        self.load.recorder.counts = {"completed": 99}
        self.load.read_all.return_value = {}
        self.options = SimpleNamespace(seconds=1, seed=1, nodes=3,
                                       engine="memory", faults=["kill"])
        self.run_ = Nemesis(self.options, Path(directory.name))

    def assert_fails(self, why, call):
        """With an error that says so; all of it."""
        with self.assertRaisesRegex(AssertionError, why) as raised:
            call()
        return [str(x) for x in all_of(raised.exception)]

    def test_traces_are_searched_in_each_round(self):
        self.run_.round(1, 1)
        self.arena.check_traces.side_effect = AssertionError("it said: bug")
        self.assert_fails("it said: bug", lambda: self.run_.round(2, 1))

    def test_traces_are_searched_at_the_end(self):
        def lead_in_turn(_):
            self.arena.check_traces.side_effect = AssertionError("bug")

        self.run_.faults["kill"] = 1
        self.run_.run()
        self.arena.lead_in_turn = lead_in_turn
        self.assert_fails("bug", self.run_.run)

    def test_what_clients_were_told_last_counts(self):
        self.load.stop.side_effect = AssertionError("a wrong answer")
        self.assert_fails("a wrong answer", lambda: self.run_.round(1, 1))

    def test_no_error_hides_another_one(self):
        self.arena.await_recovery.side_effect = AssertionError("too late")
        self.load.stop.side_effect = AssertionError("a wrong answer")
        found = self.assert_fails("wrong", lambda: self.run_.round(1, 1))
        self.assertEqual(found, ["a wrong answer", "too late"])
        # The same one that ended the storm.
        wrong = AssertionError("a wrong answer")
        self.storm.blow.side_effect = self.load.stop.side_effect = wrong
        found = self.assert_fails("wrong", lambda: self.run_.round(1, 1))
        self.assertEqual(found, ["a wrong answer"])

    def test_all_errors_are_told(self):
        first, second = AssertionError("first"), AssertionError("second")
        second.__context__ = GeneratorExit()
        second.__context__.__context__ = first
        with contextlib.redirect_stdout(io.StringIO()) as said:
            nemesis.explain(self.run_, second, self.options)
        self.assertIn("FAILED: second\nFAILED: first\n", said.getvalue())


if __name__ == "__main__":
    unittest.main()

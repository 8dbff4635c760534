"""compare.load and compare.rows: what cohort-load is asked to do."""

import os
import sys
import tempfile
import unittest

from compare import load
from compare.rows import ROWS, rows_named
from compare.systems.ceiling import Ceiling
from compare.systems.cohort import Cohort
from compare.systems.etcd import Etcd
from compare.systems.redis import Redis
from compare.trial import can

COHORT = Cohort("cohortd", "memory")
CEILING = Ceiling("ceiling.cpp", "build")


def row(name):
    """The row of a name."""
    return rows_named([name])[0]


def value_after(arguments, option):
    """What an option is set to; None if it is not."""
    return arguments[arguments.index(option) + 1] if option in arguments \
        else None


class Arguments(unittest.TestCase):
    """By row and system."""

    def arguments(self, name, system):
        """Those of a row."""
        return load.arguments(row(name), system, ["a:1", "b:2"], 100)

    def test_a_row_says_how_much_and_a_system_to_whom(self):
        found = self.arguments("w64x16", COHORT)
        self.assertEqual(value_after(found, "--endpoints"), "a:1,b:2")
        self.assertEqual(value_after(found, "--protocol"), "resp")
        self.assertEqual(value_after(found, "--clients"), "64")
        self.assertEqual(value_after(found, "--in-flight"), "16")
        self.assertEqual(value_after(found, "--keys"), "100")
        self.assertEqual(value_after(found, "--spread"), "no")

    def test_only_redis_waits_and_only_for_writes(self):
        self.assertEqual(value_after(self.arguments("w64", Redis()),
                                     "--wait"), "1")
        self.assertNotIn("--wait", self.arguments("r64", Redis()))
        for system in (COHORT, CEILING, Etcd()):
            self.assertNotIn("--wait", self.arguments("w64", system))

    def test_etcd_and_the_row_for_it_spread_their_clients(self):
        self.assertEqual(value_after(self.arguments("w64", Etcd()),
                                     "--spread"), "yes")
        self.assertEqual(value_after(self.arguments("w64_spread", COHORT),
                                     "--spread"), "yes")

    def test_rows_that_make_no_sense_for_a_system_are_left_out(self):
        self.assertEqual([can(x, row("gap"))
                          for x in (COHORT, Etcd(), Redis(), CEILING)],
                         [True, True, False, False])
        self.assertEqual([can(x, row("w64_spread"))
                          for x in (COHORT, Etcd(), Redis(), CEILING)],
                         [True, False, False, False])

    def test_rows_keep_the_order_of_the_table(self):
        self.assertEqual([x.name for x in rows_named(["gap", "w1"])],
                         ["w1", "gap"])
        self.assertEqual(rows_named([x.name for x in ROWS]), list(ROWS))
        with self.assertRaises(ValueError):
            rows_named(["w1", "w65"])


class Run(unittest.TestCase):
    """A program in the place of cohort-load."""

    def run_script(self, script, **more):
        """Runs some lines of Python as if they were the load."""
        return load.run(sys.executable, ["-c", script], **{"timeout": 30}
                        | more)

    def test_the_report_comes_back_and_the_window_is_announced(self):
        called = []
        figures = self.run_script(
            "import sys\n"
            "print('measuring', file=sys.stderr)\n"
            "print('{\"operations\": 5}')",
            when_measuring=lambda: called.append(1))
        self.assertEqual(figures, {"operations": 5})
        self.assertEqual(called, [1])

    def test_a_load_that_fails_says_why(self):
        with self.assertRaisesRegex(load.LoadFailed, "no such thing"):
            self.run_script("import sys; sys.exit('no such thing')")

    def test_a_load_that_does_not_end_is_killed(self):
        with self.assertRaises(load.LoadFailed):
            self.run_script("import signal; signal.pause()", timeout=0.2)

    def test_a_load_dies_with_an_interrupted_comparison(self):
        def interrupt():
            raise KeyboardInterrupt

        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "pid")
            with self.assertRaises(KeyboardInterrupt):
                self.run_script(
                    "import os, signal, sys\n"
                    f"with open({path!r}, 'w') as file:\n"
                    "    file.write(str(os.getpid()))\n"
                    "print('measuring', file=sys.stderr, flush=True)\n"
                    "signal.pause()", when_measuring=interrupt)
            with open(path, encoding="ascii") as file:
                pid = int(file.read())
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)


if __name__ == "__main__":
    unittest.main()

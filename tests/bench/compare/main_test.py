"""bench.py from outside: its output, and what an interruption leaves."""

import json
import os
import select
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from paths import BENCH, COHORT_LOAD, FAKE_COHORTD


def children_of(pid):
    """The processes whose parent is `pid`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(errors="replace")
            except OSError:
                continue  # it ended in the meantime
            if int(stat[stat.rindex(")") + 2:].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def ended(descriptor):
    """Whether the process of a pidfd ends within a minute."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(60_000))


class CommandLine(unittest.TestCase):
    """A whole comparison."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name) / "scratch"

    def command(self, *more):
        """bench.py with small servers in the place of cohortd."""
        return [str(BENCH), "--scratch", str(self.scratch), "--engine",
                "memory", "--load", str(COHORT_LOAD), "--cohortd",
                str(FAKE_COHORTD), "--keys", "200", "--trials", "1", *more]

    def test_tables_gates_and_json_come_out(self):
        out = self.scratch.parent / "out.json"
        done = subprocess.run(
            self.command("--systems", "cohort,ceiling", "--rows", "w1,w64",
                         "--seconds", "0.2", "--ceiling", "/no/such/file",
                         "--out", str(out)),
            capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("w64: 64 clients, writes", done.stdout)
        self.assertRegex(done.stdout, r"w64 p99 to its p50 .*(pass|FAIL)")
        self.assertRegex(done.stdout, r"to the ceiling's .*not measured")
        self.assertRegex(done.stdout, r"ceiling +skipped: /no/such/file")
        result = json.loads(out.read_text(encoding="utf-8"))
        self.assertEqual(result["versions"], {"cohort": "fake cohortd 1"})
        self.assertGreater(result["medians"]["cohort"]["w1"]["per_second"], 0)
        self.assertEqual(len(result["trials"]), 3)
        self.assertEqual(list(self.scratch.iterdir()), [])

    def test_a_wrong_name_is_refused(self):
        for wrong in (("--rows", "w65"), ("--systems", "zookeeper"),
                      ("--trials", "0")):
            done = subprocess.run(self.command(*wrong), capture_output=True,
                                  text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 2)

    def test_a_system_that_fails_is_noted_and_fails_a_check(self):
        command = self.command("--systems", "cohort", "--rows", "w1",
                               "--cohortd", "/bin/false")
        for more, status in (([], 0), (["--check"], 1)):
            done = subprocess.run(command + more, capture_output=True,
                                  text=True, timeout=120, check=False)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertRegex(done.stdout, "cohort +trial 1 failed")

    def interrupt(self, number):
        """Sends a signal in the midst of a row; returns the exit status once
        all servers and the load are gone."""
        command = self.command("--systems", "cohort", "--rows", "w1",
                               "--seconds", "600")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True) as process:
            for line in process.stderr:
                if " fill " in line:
                    break
            children = [os.pidfd_open(pid) for pid in children_of(process.pid)]
            process.send_signal(number)
            process.stderr.read()
            status = process.wait(timeout=60)
        self.assertGreaterEqual(len(children), 3)
        for descriptor in children:
            self.assertTrue(ended(descriptor))
            os.close(descriptor)
        return status

    def test_an_interruption_leaves_no_process_and_no_file(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            self.assertEqual(self.interrupt(number), status)
            self.assertEqual(list(self.scratch.iterdir()), [])

    def test_even_kill_9_leaves_no_process(self):
        self.assertEqual(self.interrupt(signal.SIGKILL), -signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()

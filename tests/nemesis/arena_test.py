"""What the arena says of nodes that end, of what they printed, and of a
recovery that takes too long. Its processes are made up."""

import contextlib
import os
import random
import signal
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import arena
import faults
from arena import RECOVERY_SECONDS, Arena, BadDisk

SHAPE = {"nodes": 3, "engine": "memory", "limits": {}, "timers": {}}

BROKEN = "stopped: invariant broken: a == b at actors/core/x.cpp:7"
BUGS = (
    BROKEN,
    "actors/core/x.cpp:7:9: runtime error: signed integer overflow",
    "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x60",
    "WARNING: ThreadSanitizer: data race (pid=7)",
)


class FakeProcess:
    """Lives until it gets SIGKILL, unless it ends by itself."""

    def __init__(self):
        self.returncode = None
        self.faster = None  # how it ends while a signal is on its way

    def poll(self):
        """The exit code, when there is one."""
        return self.returncode

    def send_signal(self, number):
        """SIGTERM takes its time."""
        if self.returncode is None and self.faster is not None:
            self.returncode = self.faster
        elif self.returncode is None and number == signal.SIGKILL:
            self.returncode = -number

    def wait(self):
        """Precondition: it has ended."""
        return self.returncode


class ArenaCase(unittest.TestCase):
    """Three nodes, without a network and without disks of their own."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        for patch in (
                mock.patch.object(arena, "Network", mock.MagicMock()),
                mock.patch.object(arena, "mount_small_disk",
                                  lambda _: "not here"),
                mock.patch("subprocess.Popen", lambda *_, **__: FakeProcess()),
                mock.patch.dict(os.environ, COHORT_BAD_DISK_LIBRARY="none")):
            patch.start()
            self.addCleanup(patch.stop)
        self.said = []
        self.arena = Arena(Path(directory.name), SHAPE, 1, self.said.append)
        self.node, self.other, _ = self.arena.nodes
        self.arena.start(*self.arena.nodes)

    @staticmethod
    def say(node, *lines):
        """In its trace."""
        with open(node.trace_path, "a", encoding="utf-8") as trace:
            trace.writelines(x + "\n" for x in lines)

    def end(self, code, *lines):
        """The first node prints this, and ends by itself."""
        self.say(self.node, *lines)
        self.node.process.returncode = code

    def assert_fails(self, why, call, *arguments):
        """With an error that says so."""
        with self.assertRaisesRegex(AssertionError, why):
            call(*arguments)


class EndTest(ArenaCase):
    """Who may end."""

    def test_nobody_without_a_reason(self):
        for code in (0, 1, 2, -signal.SIGKILL, arena.SANITIZER_EXIT_CODE):
            self.end(code, "the last line")
            self.assert_fails(f"n1 ended with {code}: the last line",
                              self.arena.check_processes)

    def test_with_a_damaged_disk(self):
        self.arena.suspicious.add(self.node)
        self.end(1, "stopped: I/O failed")
        self.arena.check_processes()
        self.assertEqual(self.said, ["n1 ended with 1: stopped: I/O failed"])
        self.assertFalse(self.node.alive())

    def test_starts_on_a_full_disk(self):
        self.arena.cramped.add(self.node)
        self.end(1, "cannot start: disk is full")
        self.arena.check_processes()
        self.assertTrue(self.node.alive())  # again

    def test_never_with_a_bug(self):
        """Not even where a damaged or full disk were a reason."""
        for line in BUGS:
            for code in (1, -signal.SIGABRT):
                self.arena.start(self.node)
                self.arena.suspicious.add(self.node)
                self.arena.cramped.add(self.node)
                self.end(code, line, "the last line, of rocksdb")
                self.assertFalse(self.arena.may_end(self.node), line)
                # What it was, not what was said last.
                self.assert_fails(f"ended with {code}: {line[:20]}",
                                  self.arena.check_processes)

    def test_only_this_life_counts(self):
        self.say(self.node, BROKEN)
        self.arena.start(self.node)
        self.arena.suspicious.add(self.node)
        self.end(1, "stopped: I/O failed")
        self.assertTrue(self.arena.may_end(self.node))


class KillTest(ArenaCase):
    """Whoever ended before it is killed had a reason."""

    def test_kill(self):
        self.arena.kill(self.node)
        self.assertEqual(self.node.process.returncode, -signal.SIGKILL)
        self.arena.check_processes()
        self.arena.kill(self.node)  # again, as faults do that are closed

    def test_it_ended_before(self):
        self.end(-signal.SIGSEGV, "the last line")
        self.assert_fails("n1 ended with -11: the last line",
                          self.arena.kill, self.other, self.node)

    def test_it_was_killed_by_somebody_else(self):
        self.end(-signal.SIGKILL)
        self.assert_fails("n1 ended with -9", self.arena.kill, self.node)

    def test_it_ended_meanwhile(self):
        self.node.process.faster = 1
        self.say(self.node, BROKEN)
        self.assert_fails("n1 ended with 1: .*invariant broken",
                          self.arena.kill, self.node)

    def test_it_had_a_reason(self):
        self.arena.cramped.add(self.node)
        self.end(1, "cannot start: disk is full")
        self.arena.kill(self.node)
        self.assertEqual(self.said,
                         ["n1 ended with 1: cannot start: disk is full"])
        # Whoever killed it starts it, nobody else.
        self.arena.check_processes()
        self.assertFalse(self.node.alive())

    def test_all_that_kills(self):
        self.arena.damaged = self.node
        for call in (self.arena.restart_all, self.arena.mend,
                     lambda: self.arena.lead_in_turn(lambda _: None),
                     lambda: next(faults.kill(self.arena, self.drawn()))):
            self.end(-signal.SIGABRT, "the last line")
            self.assert_fails("n1 ended with -6", call)

    @staticmethod
    def drawn():
        """Of a fault that is for all nodes."""
        draw = random.Random(1)
        draw.choice = lambda x: x[-1]
        return draw


class StopTest(ArenaCase):
    """SIGTERM."""

    def stop(self):
        """The fault, when the signal was sent."""
        self.say(self.node, "listens for peers")
        self.arena.busy.update(self.arena.nodes[1:])
        fault = faults.stop(self.arena, random.Random(1))
        self.assertTrue(next(fault)())
        self.assertFalse(next(fault)())
        return fault

    def test_it_ends_well(self):
        fault = self.stop()
        self.end(0)
        self.arena.check_processes()
        next(fault)
        self.assertFalse(self.node.alive())
        fault.close()
        self.assertTrue(self.node.alive())
        # The next life was not told to stop.
        self.end(0)
        self.assert_fails("n1 ended with 0", self.arena.check_processes)

    def test_it_takes_too_long_for_the_storm(self):
        self.stop().close()
        self.assertTrue(self.node.alive())

    def test_it_does_not_end_well(self):
        """Whoever is the first to see it."""
        for code in (1, -signal.SIGSEGV, arena.SANITIZER_EXIT_CODE):
            for where in (lambda _: self.arena.check_processes(),
                          lambda fault: fault.close()):
                self.arena.start(self.node)
                self.arena.busy.clear()
                fault = self.stop()
                self.end(code, "the last line")
                self.assert_fails(f"n1 ended with {code} on SIGTERM: the last",
                                  where, fault)
                with contextlib.suppress(AssertionError):
                    fault.close()

    def test_it_was_gone_before(self):
        self.arena.busy.update(self.arena.nodes[1:])
        fault = faults.stop(self.arena, random.Random(1))
        ended = next(fault)
        self.end(-signal.SIGSEGV, "the last line")
        self.assertTrue(ended())
        self.assert_fails("n1 ended with -11: the last line", next, fault)


class TraceTest(ArenaCase):
    """What nodes print while they live."""

    def test_nothing_of_a_bug(self):
        self.say(self.node, "starts", "set kv: primary of term 7")
        self.arena.check_traces()

    def test_a_bug(self):
        for line in BUGS:
            self.say(self.other, "starts", line, "goes on")
            self.arena.check_processes()
            self.assert_fails(f"n2 said: {line[:20]}", self.arena.check_traces)
            self.assertIn(f"n2 said: {line}", list(self.arena.describe()))
            self.other.trace_path.unlink()

    def test_a_bug_of_an_earlier_life(self):
        self.say(self.node, BROKEN)
        self.arena.kill(self.node)
        self.arena.start(self.node)
        self.say(self.node, "starts")
        self.assert_fails("n1 said: ", self.arena.check_traces)


class EnvironmentTest(unittest.TestCase):
    """What sanitizers are told."""

    NAMES = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")

    def options(self, **known):
        """Of each sanitizer, in an environment that has these."""
        with tempfile.TemporaryDirectory() as name, mock.patch.dict(
                os.environ, known, COHORT_BAD_DISK_LIBRARY="none"):
            for x in set(self.NAMES) - set(known):
                os.environ.pop(x, None)
            made = BadDisk(Path(name) / "disk").environment()
        return [dict(y.split("=") for y in made[x].split(":"))
                for x in self.NAMES]

    def test_an_end_is_not_that_of_a_bad_disk(self):
        for x in self.options(ASAN_OPTIONS="exitcode=1"):
            self.assertEqual(x["exitcode"], str(arena.SANITIZER_EXIT_CODE))
        self.assertNotIn(arena.SANITIZER_EXIT_CODE, range(3))
        self.assertLess(arena.SANITIZER_EXIT_CODE, 128)

    def test_undefined_behaviour_ends_a_node(self):
        _, found, _ = self.options()
        self.assertEqual(found["halt_on_error"], "1")
        self.assertEqual(found["print_stacktrace"], "1")

    def test_what_is_not_ours_is_no_bug(self):
        for x in self.options()[1:]:
            self.assertTrue(Path(x["suppressions"]).is_file())

    def test_the_callers_options_stay(self):
        for x in self.options(**dict.fromkeys(
                self.NAMES, "suppressions=/other:verbosity=1")):
            self.assertEqual(x["suppressions"], "/other")
            self.assertEqual(x["verbosity"], "1")


class RecoveryTest(ArenaCase):
    """Of nodes that answer what they are told to; each question takes a while
    of a clock that nothing else moves."""

    QUESTION_SECONDS = 2

    def setUp(self):
        super().setUp()
        self.now = 0
        self.info = {x.client_port: {
            "cohort_role": "backup", "cohort_commit_index": "7",
            "cohort_applied_index": "7"} for x in self.arena.nodes}
        self.info[self.node.client_port]["cohort_role"] = "primary"
        for patch in (
                mock.patch("time.monotonic", lambda: self.now),
                mock.patch.object(Arena, "_serves", self.is_well),
                mock.patch.object(Arena, "is_settled", self.is_well),
                mock.patch("resp.info", self.answer)):
            patch.start()
            self.addCleanup(patch.stop)

    def is_well(self, _):
        """Whether a node is."""
        self.now += self.QUESTION_SECONDS
        return True

    def answer(self, port, timeout=0):
        """Of INFO."""
        self.assertLessEqual(timeout, 10)
        self.now += self.QUESTION_SECONDS
        return self.info[port]

    def test_all_is_well(self):
        self.arena.await_recovery()
        self.assertEqual(self.said, [f"all serve after {self.now:.1f} s"])

    def test_the_bound_is_for_all_nodes(self):
        """Each takes most of it: together they take too long."""
        asked = {}

        def serves(node):
            self.is_well(node)
            return self.now > asked.setdefault(node, self.now) \
                + RECOVERY_SECONDS * 0.7

        with mock.patch.object(Arena, "_serves", staticmethod(serves)):
            self.assert_fails("not within 90 s: n2 serves",
                              self.arena.await_recovery)
        self.assertLess(self.now, RECOVERY_SECONDS + 10)

    def test_the_bound_is_for_all_steps(self):
        known = self.info[self.other.client_port]
        for field, value, what in (
                ("cohort_applied_index", "6", "n2 has applied 7"),
                ("cohort_role", "primary", "there is one primary")):
            known[field] = value
            begin = self.now
            self.assert_fails(f"not within 90 s: {what}",
                              self.arena.await_recovery)
            self.assertLess(self.now - begin, RECOVERY_SECONDS + 10)

    def test_what_comes_late_does_not_count(self):
        def serves(_):
            self.now += RECOVERY_SECONDS + 1
            return True

        with mock.patch.object(Arena, "_serves", staticmethod(serves)):
            self.assert_fails("not within 90 s: n1 serves",
                              self.arena.await_recovery)

    def test_processes_are_looked_at_until_all_is_applied(self):
        self.info[self.other.client_port]["cohort_applied_index"] = "6"

        def answer(port, timeout=0):
            if self.node.alive():
                self.end(-signal.SIGSEGV, "the last line")
            return self.answer(port, timeout)

        with mock.patch("resp.info", answer):
            self.assert_fails("n1 ended with -11", self.arena.await_recovery)


if __name__ == "__main__":
    unittest.main()

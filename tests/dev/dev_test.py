"""./dev run, stop and start, with the fake cohortd of the benchmark's tests."""

import os
import signal
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAKE = ROOT / "tests" / "bench" / "compare" / "fake_cohortd.py"


def free_base():
    """A port base such that the ports of three nodes are free."""
    for base in range(21000, 29000, 10):
        sockets = []
        try:
            for offset in (1, 2, 3, 1001, 1002, 1003):
                sockets.append(socket.create_server(
                    ("127.0.0.1", base + offset)))
            return str(base)
        except OSError:
            continue
        finally:
            for x in sockets:
                x.close()
    raise AssertionError("no free ports")


def is_running(pid):
    """Whether a process runs. One that ended, and that nobody asked about,
    does not."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return text.rsplit(")", 1)[1].split()[0] != "Z"


class DevTest(unittest.TestCase):
    """A cluster of three small servers."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.data = Path(directory.name) / "cluster"
        self.port = free_base()
        self.environment = dict(os.environ, COHORTD=str(FAKE))
        self.addCleanup(self.dev, "stop")

    def dev(self, *arguments):
        """Exit code, output and errors of the script."""
        done = subprocess.run(
            [str(ROOT / "dev"), *arguments, "--data", str(self.data)],
            env=self.environment, capture_output=True, text=True, timeout=120,
            check=False)
        return done.returncode, done.stdout, done.stderr

    def run_detached(self, *more):
        """Starts a cluster."""
        return self.dev("run", "--detach", "--port", self.port, *more)

    def pid(self, name):
        """What the pid file of a node says."""
        return int((self.data / name / "pid").read_text())

    def test_run_and_stop(self):
        code, out, err = self.run_detached()
        self.assertEqual((code, err), (0, ""))
        self.assertIn("n1 is the primary", out)
        self.assertIn(f"n3=127.0.0.1:{int(self.port) + 3}", out)
        self.assertIn(f"./dev stop --data {self.data}", out)
        pids = [self.pid(name) for name in ("n1", "n2", "n3")]

        code, _, err = self.run_detached()
        self.assertEqual(code, 1)
        self.assertIn("already running", err)
        self.assertIn("n1 n2 n3", err)

        code, out, _ = self.dev("stop")
        self.assertEqual((code, out), (0, "stopped: n1 n2 n3\n"))
        for pid in pids:
            self.assertFalse(is_running(pid))
        self.assertEqual(self.dev("stop")[1], "stopped: nothing was running\n")

    def test_a_killed_node_comes_back(self):
        self.assertEqual(self.run_detached()[0], 0)
        code, _, err = self.dev("start", "n1")
        self.assertEqual(code, 1)
        self.assertIn("node n1 is running", err)
        os.kill(self.pid("n1"), signal.SIGKILL)
        code, out, err = self.dev("start", "n1")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^node n1 is up, as (master|slave)\n$")
        self.assertIn("there is no node 'n9'", self.dev("start", "n9")[2])

    def test_an_old_pid_file_is_no_node(self):
        self.assertEqual(self.run_detached()[0], 0)
        self.assertEqual(self.dev("stop")[0], 0)
        (self.data / "n1" / "pid").write_text(f"{os.getpid()}\n")
        code, out, _ = self.dev("stop")
        self.assertEqual((code, out), (0, "stopped: nothing was running\n"))
        (self.data / "n1" / "pid").write_text(f"{os.getpid()}\n")
        self.assertEqual(self.run_detached()[0], 0)
        self.assertNotEqual(self.pid("n1"), os.getpid())

    def test_data_is_kept_unless_fresh(self):
        self.assertEqual(self.run_detached()[0], 0)
        self.assertEqual(self.dev("stop")[0], 0)
        kept = self.data / "n1" / "data"
        kept.mkdir()
        self.assertEqual(self.run_detached()[0], 0)
        self.assertEqual(self.dev("stop")[0], 0)
        self.assertTrue(kept.exists())
        code, _, err = self.run_detached("--engine", "memory")
        self.assertEqual(code, 1)
        self.assertIn("--fresh", err)
        code, _, _ = self.run_detached("--engine", "memory", "--fresh")
        self.assertEqual(code, 0)
        self.assertFalse(kept.exists())
        self.assertIn('engine = "memory"',
                      (self.data / "cluster.toml").read_text())

    def test_an_interrupt_stops_all(self):
        with subprocess.Popen(
                [str(ROOT / "dev"), "run", "--port", self.port, "--data",
                 str(self.data)], env=self.environment, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            for line in process.stdout:
                if line == "Ctrl-C stops it.\n":
                    break
            pids = [self.pid(name) for name in ("n1", "n2", "n3")]
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
            self.assertEqual(process.wait(), 0)
        self.assertIn("stopped; the data is kept", rest)
        for pid in pids:
            self.assertFalse(is_running(pid))

    def test_a_node_that_cannot_start_is_explained(self):
        self.environment["COHORTD"] = "/bin/false"
        code, _, err = self.run_detached()
        self.assertEqual(code, 1)
        self.assertIn("node n1 has stopped", err)

    def test_wrong_options(self):
        for arguments, said in (
                (("--nodes", "0"), "--nodes: write 1 to 9"),
                (("--engine", "disk"), "--engine: rocksdb or memory"),
                (("--port", "x"), "--port: write 1000 to 64000"),
                (("--what",), "there is no option '--what'")):
            code, _, err = self.dev("run", *arguments)
            self.assertEqual(code, 1)
            self.assertIn(said, err)
        self.assertIn("there is no cluster", self.dev("stop")[2])


class FuzzTest(unittest.TestCase):
    """./dev fuzz, but for what it builds."""

    def fuzz(self, *arguments):
        """Exit code, output and errors."""
        done = subprocess.run(
            [str(ROOT / "dev"), "fuzz", *arguments], capture_output=True,
            text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_it_lists_the_targets(self):
        code, out, err = self.fuzz()
        self.assertEqual((code, err), (0, ""))
        corpora = sorted(x.name for x in (ROOT / "tests/fuzz/corpus").iterdir())
        self.assertEqual(out.split(), corpora)

    def test_mistakes_are_explained(self):
        for arguments, said in (
                (("nosuch", "5"), "there is no target 'nosuch'"),
                (("frames", "soon"), "write a number of seconds"),
                (("properties", "0"), "write a number of runs")):
            code, _, err = self.fuzz(*arguments)
            self.assertEqual(code, 1)
            self.assertIn(said, err)


if __name__ == "__main__":
    unittest.main()

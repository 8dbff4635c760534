"""cohortd as a process: its command line, its signals, its exit codes."""

import os
import signal
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

DAEMON = os.environ["COHORTD"]


def free_port():
    """A port where nobody listens at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as x:
        return x.getsockname()[1]


def ask(port, *words):
    """What a node answers: one line, or the text of a bulk reply."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as x:
        request = f"*{len(words)}\r\n"
        request += "".join(f"${len(w)}\r\n{w}\r\n" for w in words)
        x.sendall(request.encode())
        file = x.makefile("rb")
        line = file.readline().decode().strip()
        if line.startswith("$") and line != "$-1":
            return file.read(int(line[1:])).decode()
        return line


class DaemonTest(unittest.TestCase):
    """Clusters of one node."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.port = free_port()
        self.config = self.directory / "cluster.toml"
        self.write(f'client = "127.0.0.1:{self.port}"\n')

    def write(self, more):
        """A topology of one node with more lines."""
        self.config.write_text(
            '[cluster]\nname = "main"\n[[sets]]\nname = "kv"\n'
            'engine = "memory"\n'
            f'[[nodes]]\nname = "n1"\npeer = "127.0.0.1:{free_port()}"\n'
            'data = "n1"\n' + more, encoding="utf-8")

    def run_daemon(self, *arguments):
        """Exit code, output and errors of one that ends by itself."""
        done = subprocess.run(
            [DAEMON, "--config", str(self.config), *arguments], timeout=60,
            capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def start(self):
        """A node that is the primary, and its trace so far."""
        process = subprocess.Popen(
            [DAEMON, "--config", str(self.config), "--node", "n1",
             "--stop-patience-ms", "100"], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for line in process.stderr:
            if "set kv: primary" in line:
                return process
        self.fail("the node ended")

    def test_version(self):
        done = subprocess.run([DAEMON, "--version"], capture_output=True,
                              text=True, timeout=60, check=True)
        self.assertRegex(done.stdout, r"^cohortd \d+\.\d+\.\d+\n$")

    def test_a_good_topology(self):
        code, out, err = self.run_daemon("--check-config")
        self.assertEqual((code, out),
                         (0, f"{self.config}: is good; nodes: 1\n"))
        self.assertIn("its loss is the loss of the data (a warning)", err)

    def test_usage(self):
        self.assertEqual(self.run_daemon()[0], 2)
        self.assertEqual(self.run_daemon("--node", "n1", "--what")[0], 2)
        self.assertEqual(
            self.run_daemon("--node", "n9"),
            (2, "", f"{self.config}:3: sets[0].members: one node keeps this"
             " set: its loss is the loss of the data (a warning)\n"
             f"{self.config}: there is no node \"n9\"; its nodes are: n1\n"))
        self.write('clients = "127.0.0.1:1"\n')
        self.assertEqual(
            self.run_daemon("--node", "n1"),
            (2, "", f"{self.config}:10: nodes[0].clients: is not known; did"
             " you mean client?\n"))
        self.write("")
        text = self.config.read_text().replace(
            'name = "main"', 'name = "main"\ntransport = "local"')
        self.config.write_text(text)
        code, _, err = self.run_daemon("--node", "n1")
        self.assertEqual(code, 2)
        self.assertIn('write "tcp" for cohortd', err)

    def test_what_was_written_outlives_a_stop_and_a_crash(self):
        for i, (name, code) in enumerate((("SIGTERM", 0), ("SIGINT", 0),
                                          ("SIGKILL", -9), ("SIGTERM", 0))):
            process = self.start()
            if i > 0:
                self.assertEqual(ask(self.port, "GET", "key"), f"value {i - 1}")
            self.assertEqual(ask(self.port, "SET", "key", f"value {i}"), "+OK")
            process.send_signal(signal.Signals[name])
            self.assertEqual(process.wait(timeout=60), code)

    def test_a_directory_of_others_is_refused(self):
        (self.directory / "n1").mkdir()
        (self.directory / "n1" / "letter.txt").write_text("dear all")
        code, _, err = self.run_daemon("--node", "n1")
        self.assertEqual(code, 1)
        self.assertIn("cannot start: refused: ", err)
        self.assertIn("letter.txt", err)

    def test_a_directory_in_use_is_refused(self):
        self.start()
        code, _, err = self.run_daemon("--node", "n1")
        self.assertEqual(code, 1)
        self.assertIn("cannot start: busy: ", err)


if __name__ == "__main__":
    unittest.main()

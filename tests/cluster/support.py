"""Clusters of real processes on loopback, for the tests of this folder.

COHORTD and COHORTCTL name the programs; COHORT_MEMORY_FACTOR says how many
times more memory they take because they have a sanitizer. All files of a test
case are in one temporary directory; when the case fails, it is kept and its
traces are printed."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import resp

DAEMON = os.environ["COHORTD"]
CONTROL = os.environ["COHORTCTL"]
MEMORY_FACTOR = int(os.environ.get("COHORT_MEMORY_FACTOR", "1"))

# Long enough for a machine that does a lot besides: a wait ends when what it
# waits for is there.
PATIENCE_SECONDS = 120

# Below the range that Linux hands out to outgoing connections.
FIRST_PORT = 21_000
LAST_PORT = 32_000


def wait_until(condition, what, seconds=PATIENCE_SECONDS):
    """Polls until the condition is true, and returns what it returned."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        pause.wait(0.02)


def port_is_free(port):
    """Whether a server could listen there on loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count):
    """Ports where nobody listens, not near those of other programs that look
    for some at the same time."""
    first = random.randrange(FIRST_PORT, LAST_PORT - 1000)
    found = [x for x in range(first, LAST_PORT) if port_is_free(x)]
    return found[:count]


class Node:
    """One process of a cluster, in a life after the other."""

    def __init__(self, name, ports, directory, topology):
        self.name = name
        self.client_port, self.peer_port = ports
        self.data = directory / name
        self.trace_path = directory / f"{name}.trace"
        self.process = None
        self.topology = topology
        self.environment = None  # that of this program
        self._life_begins = 0

    def start(self, *more, topology=None):
        """A new process; its trace is appended to that of earlier lives."""
        command = [DAEMON, "--config", str(topology or self.topology),
                   "--node", self.name, *more]
        if shutil.which("setpriv"):  # ends with this program, even with -9
            command = ["setpriv", "--pdeathsig", "KILL", *command]
        with open(self.trace_path, "ab") as trace:
            self._life_begins = trace.tell()
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=trace,
                stderr=subprocess.STDOUT, env=self.environment)

    def alive(self):
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def kill9(self):
        """As a crash; returns when it is gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.exit_code()

    def exit_code(self):
        """Of a process that ends by itself."""
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def trace(self):
        """What this life has said so far."""
        with open(self.trace_path, "rb") as trace:
            trace.seek(self._life_begins)
            return trace.read().decode(errors="replace")

    def await_trace(self, text):
        """Waits until this life says something."""
        wait_until(lambda: text in self.trace(), f"{self.name} says {text!r}")

    def wipe(self):
        """Its directory is empty again. Precondition: not alive()."""
        shutil.rmtree(self.data)

    def call(self, *words):
        """One command; errors are raised."""
        return resp.call(self.client_port, *words)

    def info(self):
        """The fields of INFO."""
        return resp.info(self.client_port)

    def resident_bytes(self):
        """Resident memory, as it would be without a sanitizer. Precondition:
        alive()."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(
            encoding="ascii", errors="replace")
        line = next(x for x in status.splitlines() if x.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024 // MEMORY_FACTOR

    def disk_bytes(self, under=""):
        """Of the files in its directory, or in a part of it. Files may come
        and go meanwhile."""
        total = 0
        for folder, _, names in os.walk(self.data / under):
            for name in names:
                try:
                    total += os.lstat(os.path.join(folder, name)).st_size
                except FileNotFoundError:
                    continue
        return total


def toml_tables(**tables):
    """[limits] and [timers], of dictionaries."""
    return "".join(
        f"[{name}]\n" + "".join(
            f'{key} = "{value}"\n' if isinstance(value, str)
            else f"{key} = {value}\n" for key, value in keys.items())
        for name, keys in tables.items() if keys)


class Cluster:
    """Three nodes, or more or less; not started yet."""

    def __init__(self, directory, engine="memory", limits=None, timers=None,
                 count=3, name="main", ports=None, data=None):
        directory.mkdir(parents=True)
        self.topology = directory / "cluster.toml"
        self.ports = ports or free_ports(2 * count)
        self.nodes = [
            Node(f"n{i + 1}", (self.ports[i], self.ports[count + i]),
                 directory, self.topology) for i in range(count)]
        for x, path in zip(self.nodes, data or ()):
            x.data = path
        self.topology.write_text(
            f'[cluster]\nname = "{name}"\n'
            + "".join(f'[[nodes]]\nname = "{x.name}"\n'
                      f'peer = "127.0.0.1:{x.peer_port}"\n'
                      f'client = "127.0.0.1:{x.client_port}"\n'
                      f'data = "{x.data}"\n' for x in self.nodes)
            + f'[[sets]]\nname = "kv"\nengine = "{engine}"\n'
            + toml_tables(limits=limits, timers=timers), encoding="utf-8")

    def start(self):
        """All nodes, until a write through each of them is acknowledged."""
        for x in self.nodes:
            x.start()
        for x in self.nodes:
            self.await_service(x)

    def kill9_all(self):
        """Whatever runs."""
        for x in self.nodes:
            if x.alive():
                x.kill9()

    def await_service(self, node):
        """Until a write through this node is acknowledged."""
        def served():
            if not node.alive():
                raise AssertionError(
                    f"{node.name} ended with {node.process.returncode}")
            try:
                return node.call("SET", "service", node.name) == "OK"
            except (OSError, resp.Refusal):
                return False

        wait_until(served, f"{node.name} serves")

    def role(self, node):
        """"primary", "backup", ... of the set, as the node says."""
        return node.info().get("cohort_role", "") if node.alive() else ""

    def primary(self):
        """Waits until one node leads."""
        def find():
            leading = [x for x in self.nodes if self.role(x) == "primary"]
            return leading[0] if len(leading) == 1 else None

        return wait_until(find, "there is one primary")

    def backups(self):
        """All but the primary."""
        primary = self.primary()
        return [x for x in self.nodes if x is not primary]

    def await_caught_up(self, node):
        """Until this node has applied all that is committed now, as a backup
        or as the primary."""
        committed = int(self.primary().info()["cohort_commit_index"])

        def caught_up():
            known = node.info()
            return known.get("cohort_role") in ("backup", "primary") \
                and int(known["cohort_applied_index"]) >= committed

        wait_until(caught_up, f"{node.name} has applied {committed}")

    def control(self, *arguments):
        """Exit code, output and errors of cohortctl."""
        done = subprocess.run(
            [CONTROL, *arguments, "--config", str(self.topology)],
            capture_output=True, text=True, timeout=PATIENCE_SECONDS,
            check=False)
        return done.returncode, done.stdout, done.stderr


class ClusterCase(unittest.TestCase):
    """A test case with a directory, and with clusters that end with it."""

    def run(self, result=None):
        self.directory = Path(tempfile.mkdtemp(prefix="cohort-"))
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) == before:
            shutil.rmtree(self.directory, ignore_errors=True)
            return
        print(f"{self.id()}: files are kept in {self.directory}",
              file=sys.stderr)
        for path in sorted(self.directory.rglob("*.trace")):
            lines = path.read_text(errors="replace").splitlines()[-60:]
            print(f"-- {path.relative_to(self.directory)}", *lines, sep="\n",
                  file=sys.stderr)

    def cluster(self, folder="cluster", **options):
        """A cluster in a folder of that name."""
        made = Cluster(self.directory / folder, **options)
        self.addCleanup(made.kill9_all)
        return made

    def assert_refused(self, code, call, *arguments):
        """A command that is answered with this error."""
        with self.assertRaises(resp.Refusal) as raised:
            call(*arguments)
        self.assertEqual(raised.exception.code, code, raised.exception)
        return str(raised.exception)

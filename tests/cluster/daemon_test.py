"""How the daemon and ./dev are handled: a graceful stop, a second start of the
same directory, wrong topology files, a cluster on one machine."""

import os
import random
import subprocess
import threading
import time
from pathlib import Path

import resp
from support import (DAEMON, PATIENCE_SECONDS, ClusterCase, free_ports,
                     port_is_free, wait_until)
from workload import Writer

ROOT = Path(__file__).resolve().parents[2]


def daemon(*arguments):
    """Exit code and errors of one that ends by itself."""
    done = subprocess.run([DAEMON, *arguments], capture_output=True, text=True,
                          timeout=PATIENCE_SECONDS, check=False)
    return done.returncode, done.stderr


class DaemonTest(ClusterCase):
    """cohortd itself."""

    def test_a_graceful_stop_hands_over_and_loses_nothing(self):
        """The primary is told to stop, again and again, while clients of all
        nodes write."""
        cluster = self.cluster(engine="rocksdb")
        cluster.start()
        stop = threading.Event()
        self.addCleanup(stop.set)
        writers = [Writer(x.name, x, stop, random.randrange(2 ** 32),
                          time.monotonic) for x in cluster.nodes]
        for x in writers:
            x.start()
        for _ in range(3):
            self.await_writes(writers, cluster.nodes)
            primary = cluster.primary()
            self.assertEqual(primary.stop(), 0)
            self.assertIn("SIGTERM: stopping", primary.trace())
            self.await_writes(writers, [x for x in cluster.nodes
                                        if x is not primary])
            primary.start()
            cluster.await_service(primary)
        stop.set()
        for x in writers:
            x.join()
            self.assertIsNone(x.problem)
            # The session outlives the hand-over: nothing is unknown, except to
            # clients whose own node went.
            self.assertEqual(x.unknown_seconds, [])
        for node in cluster.nodes:
            for x in writers:
                for key, value in x.acknowledged.items():
                    self.assertEqual(node.call("GET", key), value)

    @staticmethod
    def await_writes(writers, nodes):
        """Until clients of these nodes were acknowledged some more."""
        goals = [(x, len(x.acknowledged) + 20) for x in writers
                 if x.node in nodes]

        def reached():
            for x in writers:
                if x.problem:
                    raise x.problem
            return all(len(x.acknowledged) >= goal for x, goal in goals)

        wait_until(reached, "clients get on")

    def test_a_directory_has_one_daemon(self):
        cluster = self.cluster()
        cluster.start()
        node = cluster.nodes[0]
        code, err = daemon("--config", str(cluster.topology), "--node", "n1")
        self.assertEqual(code, 1)
        self.assertRegex(err.splitlines()[-1], "cannot start: busy: .*n1")
        self.assertEqual(node.call("SET", "key", "1"), "OK")

    def test_wrong_topology_files(self):
        cluster = self.cluster()
        good = cluster.topology.read_text()
        peer = f'peer = "127.0.0.1:{cluster.ports[3]}"'
        for old, new, key, remedy in (
                ('engine = "memory"', 'engin = "memory"', "sets[0].engin",
                 "did you mean engine?"),
                ('engine = "memory"', 'engine = "memroy"', "sets[0].engine",
                 "memory"),
                ('name = "n2"', 'name = "n1"', "nodes[1].name", "n1"),
                (peer, 'peer = "127.0.0.1"', "nodes[0].peer",
                 'write "host:port"'),
                ('engine = "memory"', '[limits]\nclients_max = 0',
                 "limits.clients_max", "write 1"),
                ('[cluster]', '[cluster', "", "")):
            text = good.replace(old, new)
            cluster.topology.write_text(text)
            wrong = text.rindex(new.splitlines()[-1])
            line = text.count("\n", 0, wrong) + 1
            code, err = daemon("--config", str(cluster.topology), "--node",
                               "n3")
            self.assertEqual(code, 2, err)
            self.assertIn(f"{cluster.topology}:{line}: {key}", err)
            self.assertIn(remedy, err)

    def test_files_and_names_that_are_not_there(self):
        cluster = self.cluster()
        code, err = daemon("--config", "/nowhere/cluster.toml", "--node", "n1")
        self.assertEqual(code, 2)
        self.assertIn("/nowhere/cluster.toml", err)
        code, err = daemon("--config", str(cluster.topology), "--node", "n4")
        self.assertEqual(code, 2)
        self.assertIn('there is no node "n4"; its nodes are: n1 n2 n3', err)


class DevTest(ClusterCase):
    """./dev with the daemon that is tested."""

    def setUp(self):
        self.data = self.directory / "run"
        self.addCleanup(self.dev, "stop")

    def dev(self, *arguments):
        """Exit code and what it prints."""
        done = subprocess.run(
            [str(ROOT / "dev"), *arguments, "--data", str(self.data)],
            env=dict(os.environ, COHORTD=DAEMON), capture_output=True,
            text=True, timeout=PATIENCE_SECONDS, check=False)
        return done.returncode, done.stdout + done.stderr

    @staticmethod
    def free_base():
        """What --port takes: clients above it, peers 1000 higher."""
        return next(x for x in free_ports(1000)
                    if all(port_is_free(x + i) and port_is_free(x + 1000 + i)
                           for i in (1, 2, 3)))

    def pid(self, name):
        """Of a node's process."""
        return int((self.data / name / "pid").read_text())

    def test_a_cluster_on_this_machine(self):
        base = self.free_base()
        code, out = self.dev("run", "--detach", "--nodes", "3", "--port",
                             str(base))
        self.assertEqual(code, 0, out)
        self.assertIn("The cluster is up; n", out)
        self.assertEqual(resp.call(base + 1, "SET", "key", "1"), "OK")
        os.kill(self.pid("n1"), 9)
        self.assertEqual(resp.call(base + 2, "SET", "key", "2"), "OK")
        code, out = self.dev("start", "n1")
        self.assertEqual(code, 0, out)
        wait_until(lambda: resp.info(base + 1).get("cohort_role") in
                   ("backup", "primary"), "n1 is back")
        self.assertEqual(resp.call(base + 1, "GET", "key"), b"2")
        code, out = self.dev("stop")
        self.assertEqual((code, out), (0, "stopped: n1 n2 n3\n"))
        code, out = self.dev("run", "--detach", "--nodes", "3", "--port",
                             str(base))
        self.assertEqual(code, 0, out)
        self.assertEqual(resp.call(base + 3, "GET", "key"), b"2")

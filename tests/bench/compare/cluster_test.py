"""compare.cluster: what is started is stopped, whatever happens."""

import os
import tempfile
import unittest
from pathlib import Path

from compare import resp
from compare.cluster import Cluster
from compare.processes import ServerFailed
from compare.systems.cohort import Cohort
from paths import FAKE_COHORTD


class Dying(Cohort):
    """A system whose servers end at once."""

    def command(self, node, nodes, directory):
        return ["sh", "-c", "echo no disk; exit 1"]


class NoProgram(Cohort):
    """A system whose program cannot be started."""

    def command(self, node, nodes, directory):
        return [str(directory / "no such program")]


class Running(unittest.TestCase):
    """A cluster of small servers."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.cluster = Cluster(Cohort(FAKE_COHORTD, "memory"), self.scratch)

    def assert_nothing_left(self, cluster):
        """No process, no file."""
        for server in cluster.servers:
            with self.assertRaises(ProcessLookupError):
                os.kill(server.pid, 0)
        self.assertEqual(list(self.scratch.iterdir()), [])

    def test_it_serves_and_knows_its_primary(self):
        with self.cluster as cluster:
            self.assertEqual(cluster.primary(), 0)
            ports = [node.client_port for node in cluster.nodes]
            self.assertEqual(cluster.endpoints(),
                             [f"127.0.0.1:{port}" for port in ports])
            self.assertEqual(resp.call(ports[0], "SET", "k", "v"), "OK")
            self.assertEqual(resp.call(ports[0], "GET", "k"), "v")
            self.assertGreater(cluster.cpu_seconds(), 0)
            self.assertGreater(cluster.resident_mib(), 1)
        self.assert_nothing_left(cluster)

    def test_an_exception_stops_it(self):
        with self.assertRaises(KeyboardInterrupt):
            with self.cluster:
                raise KeyboardInterrupt
        self.assert_nothing_left(self.cluster)

    def test_a_dead_server_is_noticed(self):
        with self.cluster as cluster:
            cluster.kill(1)
            with self.assertRaisesRegex(ServerFailed, "n2 died"):
                cluster.cpu_seconds()
        self.assert_nothing_left(cluster)

    def test_a_server_that_does_not_start_says_why(self):
        for system, why in ((Dying("-", "memory"), "no disk"),
                            (NoProgram("-", "memory"), "No such file")):
            cluster = Cluster(system, self.scratch)
            with self.assertRaisesRegex(ServerFailed, why):
                with cluster:
                    self.fail("it cannot serve")
            self.assert_nothing_left(cluster)


if __name__ == "__main__":
    unittest.main()

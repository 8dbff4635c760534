"""Disks that are slow, or fail: D6, and the library that makes them so."""

import time

from arena import BadDisk
from support import ClusterCase, wait_until

DELAY_MS = 200


class BadDiskTest(ClusterCase):
    """One node of three has it."""

    def setUp(self):
        self.kept = self.cluster()
        self.node = self.kept.nodes[0]
        self.disk = BadDisk(self.directory / "control")
        self.node.environment = self.disk.environment()
        self.kept.start()

    def test_a_good_one(self):
        self.assertEqual(self.disk.failures(), 0)

    def test_a_slow_one(self):
        """Alone it holds up what needs it."""
        self.kept.nodes[1].kill9()
        self.kept.await_service(self.node)
        self.disk.be(delay_ms=DELAY_MS)
        begin = time.monotonic()
        self.assertEqual(self.node.call("SET", "key", "value"), "OK")
        self.assertGreaterEqual(time.monotonic() - begin, DELAY_MS / 1000)

    def test_one_that_fails(self):
        """The node stops and says why; what was acknowledged is there."""
        self.assertEqual(self.node.call("SET", "key", "value"), "OK")
        self.disk.be(fails=True)
        other = self.kept.nodes[1]
        wait_until(lambda: self.writes(other), "the others go on")
        self.assertEqual(self.node.exit_code(), 1)
        self.assertGreater(self.disk.failures(), 0)
        self.assertRegex(self.node.trace().splitlines()[-1],
                         "stopped: .*I/O failed")
        self.disk.be()
        self.node.start()
        self.kept.await_service(self.node)
        self.assertEqual(self.node.call("GET", "key"), b"value")

    def writes(self, node):
        """Whether this node's clients get on while the other one stops."""
        self.kept.await_service(node)
        return not self.node.alive()

"""T1, D5: however much is written, what a node keeps in its log, on its disk
and in memory stays bounded; a wiped node catches up by a snapshot meanwhile.

COHORT_BOUNDED_MIB=10240 writes more (with each engine)."""

import os
import threading

import resp
from support import ClusterCase, wait_until

MIB = 1 << 20
WRITTEN_BYTES = int(os.environ.get("COHORT_BOUNDED_MIB", "300")) * MIB
VALUE_BYTES = 16 << 10
KEYS = 256
PIPELINE = 8

SEGMENT_BYTES = 4 * MIB
LOG_BYTES_MAX = 64 * MIB
SNAPSHOT_LOG_BYTES = 16 * MIB
STATE_BYTES = KEYS * VALUE_BYTES

# Of the log: segments over log_bytes_max are freed when what they still hold
# was copied forward. Beside it there are spare and reserved segments, and the
# one that is being made.
LOG_BOUND = LOG_BYTES_MAX + 8 * SEGMENT_BYTES
# Of the rest: snapshots (one kept, one being written, one being received) or
# the engine's files, whose own log has at most what is not flushed (16 MiB)
# for two tables, and which keep overwritten values until they are compacted.
REST_BOUND = 3 * STATE_BYTES + 128 * MIB
# Requests that wait (pending_bytes_max 16 MiB, unwritten 64 MiB), the state,
# its snapshot, and the engine's buffers.
MEMORY_BOUND = 256 * MIB


class Load(threading.Thread):
    """Writes through one node, at least a share and until it is enough, and
    remembers the last value of each of its keys."""

    def __init__(self, number, node, share_bytes, enough):
        super().__init__(daemon=True)
        self.node = node
        self.written_bytes = 0
        self.problem = None
        self.last = {}
        self._number = number
        self._share_bytes = share_bytes
        self._enough = enough

    def run(self):
        """Ends at the first problem."""
        try:
            with resp.Connection(self.node.client_port) as connection:
                while self.written_bytes < self._share_bytes \
                        or not self._enough.is_set():
                    self._write(connection)
        except Exception as problem:  # pylint: disable=broad-except
            self.problem = problem

    def _write(self, connection):
        batch = {}
        for i in range(PIPELINE):
            at = self.written_bytes // VALUE_BYTES + i
            key = f"key:{self._number}:{at % (KEYS // 2)}"
            batch[key] = (b"%d " % at).ljust(VALUE_BYTES, b"x")
        connection.send(*[("SET", *x) for x in batch.items()])
        for _ in batch:
            reply = connection.receive()
            if reply != "OK":
                raise AssertionError(f"SET: {reply}")
        self.last.update(batch)
        self.written_bytes += PIPELINE * VALUE_BYTES


class BoundedTest:
    """With either engine."""

    engine = ""

    def test_all_is_bounded(self):
        cluster = self.cluster(
            engine=self.engine,
            limits={"segment_bytes": SEGMENT_BYTES,
                    "log_bytes_max": LOG_BYTES_MAX,
                    "snapshot_log_bytes": SNAPSHOT_LOG_BYTES})
        cluster.start()
        wiped, other = cluster.backups()
        enough = threading.Event()
        self.addCleanup(enough.set)
        loads = [Load(i, node, WRITTEN_BYTES // 2, enough)
                 for i, node in enumerate((cluster.primary(), other))]
        for x in loads:
            x.start()
        self.await_load(cluster, loads, WRITTEN_BYTES // 2)
        wiped.kill9()
        wiped.wipe()
        wiped.start()
        wiped.await_trace("is node 4")
        wait_until(lambda: self.looks_bounded(cluster) and
                   wiped.info().get("cohort_role") == "backup",
                   "the wiped node has joined")
        enough.set()
        self.await_load(cluster, loads, WRITTEN_BYTES)
        cluster.await_caught_up(wiped)
        for x in loads:
            x.join()
            for key, value in x.last.items():
                self.assertEqual(wiped.call("GET", key), value)

    def await_load(self, cluster, loads, goal_bytes):
        """Until so much is written; looks at the bounds meanwhile."""
        def reached():
            for x in loads:
                if x.problem:
                    raise x.problem
            self.looks_bounded(cluster)
            return sum(x.written_bytes for x in loads) >= goal_bytes

        wait_until(reached, f"{goal_bytes} bytes are written", seconds=3600)

    def looks_bounded(self, cluster):
        """True, or the test fails."""
        for node in cluster.nodes:
            log = node.disk_bytes("log")
            self.assertLessEqual(log, LOG_BOUND, f"log of {node.name}")
            self.assertLessEqual(node.disk_bytes() - log, REST_BOUND,
                                 f"disk of {node.name} beside its log")
            if node.alive():
                self.assertLessEqual(node.resident_bytes(), MEMORY_BOUND,
                                     f"memory of {node.name}")
        return True


class MemoryBoundedTest(BoundedTest, ClusterCase):
    """Keys in memory."""

    engine = "memory"


class RocksdbBoundedTest(BoundedTest, ClusterCase):
    """Keys in RocksDB."""

    engine = "rocksdb"

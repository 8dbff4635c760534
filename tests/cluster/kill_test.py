"""K1, K2: nodes are killed with -9 while clients write, and no acknowledged
write is lost, none counts twice, and what was refused was not done.

COHORT_KILL_ROUNDS=20 kills more often (with each engine); COHORT_KILL_SEED
repeats the choices of a run."""

import os
import random
import threading
import time

from resp import Connection
from support import ClusterCase, wait_until
from workload import SHARED, Watcher, Writer

ROUNDS = int(os.environ.get("COHORT_KILL_ROUNDS", "6"))
SEED = int(os.environ.get("COHORT_KILL_SEED",
                          str(random.SystemRandom().randrange(1_000_000))))
VICTIMS = ("primary", "backup", "all")
WRITERS_OF_NODE = 2
READ_AT_ONCE = 500

# Of clients' requests; nothing may be called unknown earlier.
REQUEST_PATIENCE_MS = 5000


class KillTest:
    """With either engine."""

    engine = ""

    def setUp(self):
        self.random = random.Random(SEED)
        self.stop = threading.Event()
        self.addCleanup(self.stop.set)
        self.kept = self.cluster(
            engine=self.engine,
            timers={"request_patience_ms": REQUEST_PATIENCE_MS})
        self.kept.start()
        self.writers = [
            Writer(f"{node.name}.{i}", node, self.stop,
                   self.random.randrange(2 ** 32), time.monotonic)
            for node in self.kept.nodes for i in range(WRITERS_OF_NODE)]
        self.watchers = [Watcher(node, self.stop, self.writers)
                         for node in self.kept.nodes]

    def test_nothing_is_lost_and_nothing_counts_twice(self):
        for x in self.writers + self.watchers:
            x.start()
        self.await_steps(self.kept.nodes, 5)
        for number in range(ROUNDS):
            with self.subTest(round=number, seed=SEED):
                self.kill_and_restart(VICTIMS[number % len(VICTIMS)])
        self.stop.set()
        for x in self.writers + self.watchers:
            x.join()
            self.assertIsNone(x.problem)
        self.check_answers()
        for node in self.kept.nodes:
            self.check_keys(node)
            self.check_counters(node)

    def kill_and_restart(self, whom):
        """One round. Clients of nodes that stay must get on before the others
        come back, and then all."""
        primary = self.kept.primary()
        victims = {"primary": [primary],
                   "backup": [self.random.choice(self.kept.backups())],
                   "all": self.kept.nodes}[whom]
        self.await_steps(self.kept.nodes, self.random.randint(1, 40))
        for x in victims:
            x.kill9()
        self.await_steps([x for x in self.kept.nodes if x.alive()], 10)
        for x in victims:
            x.start()
        self.await_steps(self.kept.nodes, 10)
        for x in victims:
            self.kept.await_caught_up(x)

    def await_steps(self, nodes, count):
        """Until each writer of these nodes was acknowledged so many more SETs
        or INCRs."""
        goals = [(x, self.done_by(x) + count) for x in self.writers
                 if x.node in nodes]

        def reached():
            for x in self.writers + self.watchers:
                if x.problem:
                    raise x.problem
            return all(self.done_by(x) >= goal for x, goal in goals)

        wait_until(reached, "clients get on")

    @staticmethod
    def done_by(writer):
        """Acknowledged commands."""
        return len(writer.acknowledged) + sum(
            len(x.replies) for x in writer.counters.values())

    def check_answers(self):
        """A live gateway calls an outcome unknown only when the deadline has
        passed."""
        for x in self.writers:
            self.assertGreater(x.lost_connections, 0)
            for seconds in x.unknown_seconds:
                self.assertGreaterEqual(seconds,
                                        REQUEST_PATIENCE_MS / 1000 * 0.9)
        for x in self.watchers:
            self.assertGreater(x.reads, 0)

    def check_keys(self, node):
        """All keys as this node reads them."""
        for writer in self.writers:
            wanted = dict(writer.acknowledged)
            wanted.update((x, None) for x in writer.refused)
            keys = sorted(wanted)
            with Connection(node.client_port) as connection:
                for i in range(0, len(keys), READ_AT_ONCE):
                    part = keys[i:i + READ_AT_ONCE]
                    found = connection.call("MGET", *part)
                    self.assertEqual(dict(zip(part, found)),
                                     {x: wanted[x] for x in part},
                                     f"seed {SEED}")

    def check_counters(self, node):
        """Each counter is between what was acknowledged and that with all whose
        outcome is unknown, and nobody was told more than there is."""
        for name in {name for x in self.writers for name in x.counters}:
            known = [x.counters[name] for x in self.writers
                     if name in x.counters]
            replies = [n for x in known for n in x.replies]
            self.assertEqual(len(replies), len(set(replies)), name)
            final = int(node.call("GET", name))
            self.assertLessEqual(len(replies), final, name)
            self.assertLessEqual(
                final, len(replies) + sum(x.unknown for x in known), name)
            self.assertLessEqual(max(replies), final, name)
        self.assertIn(SHARED, self.writers[0].counters)


class MemoryKillTest(KillTest, ClusterCase):
    """Keys in memory."""

    engine = "memory"


class RocksdbKillTest(KillTest, ClusterCase):
    """Keys in RocksDB."""

    engine = "rocksdb"

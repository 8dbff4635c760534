"""Redis clients as people have them: redis-cli, redis-benchmark, redis-py, and
node-redis (tests/clients). Each talks to all nodes; forwarding is not its
affair."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

from support import ClusterCase, wait_until

try:
    import redis
except ImportError:
    redis = None

NODE_CLIENT = Path(__file__).resolve().parents[1] / "clients"


class ClientsTest:
    """With either engine."""

    engine = ""

    def setUp(self):
        self.kept = self.cluster(engine=self.engine)
        self.kept.start()
        self.ports = [x.client_port for x in self.kept.nodes]

    def output_of(self, *command, seconds=300, **more):
        """What a program prints that ends well."""
        done = subprocess.run(
            [str(x) for x in command], capture_output=True, text=True,
            timeout=seconds, check=False, **more)
        self.assertEqual(done.returncode, 0,
                         f"{command}: {done.stdout}{done.stderr}")
        return done.stdout

    # -- Redis' own programs ---------------------------------------------------

    def cli(self, port, *words, **more):
        """What redis-cli prints, without the last line break."""
        return self.output_of("redis-cli", "-p", port, *words, **more).strip()

    @unittest.skipUnless(shutil.which("redis-cli"), "there is no redis-cli")
    def test_redis_cli(self):
        for port in self.ports:
            for more in ((), ("-3",)):
                key = f"cli:{port}:{len(more)}"
                self.assertEqual(self.cli(port, *more, "PING"), "PONG")
                self.assertEqual(
                    self.cli(port, *more, "SET", key, "a b\n"), "OK")
                self.assertEqual(
                    self.cli(port, *more, "--json", "GET", key), '"a b\\n"')
            self.assertIn("cohort_role:", self.cli(port, "INFO"))
            self.assertEqual(
                self.cli(port, "--pipe", input="SET piped 1\r\n" * 1000
                         ).splitlines()[-1], "errors: 0, replies: 1000")
            self.assertIn("piped", self.cli(port, "--scan").splitlines())
            self.assertIn("cluster main",
                          self.cli(port, "COHORT.STATUS"))

    @unittest.skipUnless(shutil.which("redis-benchmark"),
                         "there is no redis-benchmark")
    def test_redis_benchmark(self):
        for port in self.ports:
            for pipeline in (1, 16):
                out = self.output_of(
                    "redis-benchmark", "-p", port, "-t", "set,get,incr,mset",
                    "-c", 16, "-n", 5000, "-r", 1000, "-P", pipeline, "--csv")
                rows = [x.split(",")[0].strip('"') for x in out.splitlines()]
                self.assertEqual([x.split()[0] for x in rows],
                                 ["test", "SET", "GET", "INCR", "MSET"], out)
                self.assertNotIn("rror", out)
        counters = self.cli(self.ports[0], "--scan", "--pattern",
                            "counter:*").splitlines()
        total = sum(int(x) for x in
                    self.kept.nodes[0].call("MGET", *counters))
        # The last pipeline of 16 may be sent whole.
        self.assertGreaterEqual(total, 10_000 * len(self.ports))
        self.assertLessEqual(total, 10_008 * len(self.ports))

    # -- Python ----------------------------------------------------------------

    def python_clients(self):
        """One for each node, and for what the version of the library can."""
        major = int(redis.__version__.split(".")[0])
        for port in self.ports:
            for more in ({},) + (({"protocol": 3},) if major >= 5 else ()):
                client = redis.Redis(host="127.0.0.1", port=port,
                                     decode_responses=True, **more)
                self.addCleanup(client.close)
                yield client, f"py:{port}:{len(more)}:"

    @unittest.skipUnless(redis, "there is no python3-redis")
    def test_python_strings(self):
        for client, at in self.python_clients():
            self.assertTrue(client.ping())
            self.assertTrue(client.set(at + "a", "ä\r\n"))
            self.assertEqual(client.get(at + "a"), "ä\r\n")
            self.assertIsNone(client.get(at + "none"))
            self.assertIsNone(client.set(at + "a", 1, nx=True))
            self.assertEqual(client.incrby(at + "n", 5), 5)
            self.assertEqual(client.incrbyfloat(at + "n", 0.5), 5.5)
            self.assertTrue(client.mset({at + "b": "1", at + "c": ""}))
            self.assertEqual(client.mget(at + "b", at + "none", at + "c"),
                             ["1", None, ""])
            self.assertEqual(client.getrange(at + "n", 0, 0), "5")
            self.assertEqual(client.delete(at + "b", at + "c", at + "x"), 2)
            with self.assertRaises(redis.ResponseError):
                client.incr(at + "a")
        raw = redis.Redis(host="127.0.0.1", port=self.ports[0])
        self.addCleanup(raw.close)
        everything = bytes(range(256)) * 4096
        raw.set("bytes", everything)
        self.assertEqual(raw.get("bytes"), everything)

    @unittest.skipUnless(redis, "there is no python3-redis")
    def test_python_pipelines_and_transactions(self):
        for client, at in self.python_clients():
            pipeline = client.pipeline(transaction=False)
            for _ in range(2000):
                pipeline.incr(at + "n")
            self.assertEqual(pipeline.execute(), list(range(1, 2001)))

            def double(pipe, name=at + "n"):
                found = int(pipe.get(name))
                pipe.multi()
                pipe.set(name, found * 2)
                pipe.get(name)

            self.assertEqual(client.transaction(double, at + "n"),
                             [True, "4000"])
            with client.pipeline() as pipe:
                pipe.watch(at + "n")
                client.set(at + "n", "taken")
                pipe.multi()
                pipe.set(at + "n", "mine")
                with self.assertRaises(redis.WatchError):
                    pipe.execute()
            self.assertEqual(client.get(at + "n"), "taken")
            self.assertEqual(client.wait(2, 60_000), 2)

    @unittest.skipUnless(redis, "there is no python3-redis")
    def test_python_expiry_and_walks(self):
        for client, at in self.python_clients():
            client.set(at + "e", "x", ex=100)
            self.assertIn(client.ttl(at + "e"), (99, 100))
            self.assertTrue(client.persist(at + "e"))
            self.assertEqual(client.ttl(at + "e"), -1)
            self.assertTrue(client.pexpire(at + "e", 1))
            wait_until(lambda c=client, k=at + "e": c.get(k) is None,
                       "a key that is read expires")
            names = {f"{at}walk:{i}" for i in range(300)}
            client.mset({x: "x" for x in names})
            self.assertEqual(
                set(client.scan_iter(at + "walk:*", count=7)), names)
            self.assertEqual(set(client.keys(at + "walk:*")), names)
            for x in names:
                client.pexpire(x, 1)
            wait_until(lambda c=client, k=at: not c.keys(k + "*"),
                       "keys that nobody reads expire")
        self.assertEqual(client.dbsize(), 1)  # of await_service()
        self.assertTrue(client.flushall())
        self.assertEqual(client.dbsize(), 0)

    # -- Node.js ---------------------------------------------------------------

    @unittest.skipUnless(shutil.which("node") and shutil.which("npm"),
                         "there is no Node.js with npm")
    def test_node(self):
        if not (NODE_CLIENT / "node_modules").is_dir():
            self.output_of("npm", "ci", "--no-audit", "--no-fund",
                           cwd=NODE_CLIENT)
        out = self.output_of("node", NODE_CLIENT / "client_test.js",
                             *self.ports)
        self.assertEqual(out, "all is well\n")


class MemoryClientsTest(ClientsTest, ClusterCase):
    """Keys in memory."""

    engine = "memory"


class RocksdbClientsTest(ClientsTest, ClusterCase):
    """Keys in RocksDB."""

    engine = "rocksdb"

"""T1, D3, D6: whatever comes over the wire or is found on a disk, a node
answers with an error or cuts it off, stays small, and serves the others."""

import os
import random
import resource
import socket
import subprocess
import unittest
from pathlib import Path

import resp
from support import ClusterCase, wait_until

MIB = 1 << 20
PAGE_BYTES = 4096
SECTOR_BYTES = 512

# Memory that a node may take for any of this, besides what it has anyway.
GROWTH_BYTES_MAX = 64 * MIB

# The first bytes of a frame between nodes (docs/PROTOCOL.md, section 1).
FRAME_MAGIC = (0x31524843).to_bytes(4, "little")

SEED = random.SystemRandom().randrange(1_000_000)


def read_all(connected):
    """What a server says until it hangs up."""
    parts = []
    try:
        while part := connected.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def connect(port):
    """A bare connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=60)


class WireTest(ClusterCase):
    """Bytes, sizes and numbers of connections."""

    def start(self, **limits):
        """A cluster, and the memory that its first node takes."""
        self.kept = self.cluster(limits=limits)
        self.kept.start()
        self.node = self.kept.nodes[0]
        self.resident_bytes = self.node.resident_bytes()

    def assert_well(self):
        """All nodes serve, the first is still small."""
        for x in self.kept.nodes:
            self.assertEqual(x.call("SET", "key", x.name), "OK")
            self.assertEqual(x.call("GET", "key"), x.name.encode())
        self.assertLess(self.node.resident_bytes(),
                        self.resident_bytes + GROWTH_BYTES_MAX)

    def refusal(self, data):
        """The last words to a client that sent this, before it is cut off."""
        with connect(self.node.client_port) as x:
            try:
                x.sendall(data)
            except ConnectionError:
                pass
            return read_all(x).decode()

    def test_random_bytes(self):
        self.start()
        draw = random.Random(SEED)
        for port in (self.node.client_port, self.node.peer_port):
            for size in [1, 10, 100, 10_000] * 10:
                with connect(port) as x:
                    x.sendall(draw.randbytes(size))
        for size in (24, 25, 1000):  # as a frame would begin
            with connect(self.node.peer_port) as x:
                x.sendall(FRAME_MAGIC + draw.randbytes(size - 4))
                self.assertEqual(read_all(x), b"", f"seed {SEED}")
        self.assert_well()

    def test_half_frames(self):
        """Who does not finish a hello in time is cut off; who does not finish a
        command keeps nobody waiting."""
        self.start()
        peers = [connect(self.node.peer_port) for _ in range(20)]
        clients = [connect(self.node.client_port) for _ in range(20)]
        for i, x in enumerate(peers):
            self.addCleanup(x.close)
            x.sendall(FRAME_MAGIC[:i % 5])
        for i, x in enumerate(clients):
            self.addCleanup(x.close)
            x.sendall(b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nval"[:3 + i])
        for x in peers:
            read_all(x)  # ends: it hangs up
        self.assert_well()

    def test_sizes_are_refused_at_the_header(self):
        self.start()
        for data, why in (
                (b"*1\r\n$1073741824\r\n", "invalid bulk length"),
                (b"*2\r\n$3\r\nGET\r\n$-5\r\n", "invalid bulk length"),
                (b"*1073741824\r\n", "invalid multibulk length"),
                (b"*1\r\n:5\r\n", "expected '$', got ':'"),
                (b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nxyz",
                 "expected a line end after a bulk string"),
                (b"x" * MIB, "too big inline request"),
                (b'SET key "half\r\n', "unbalanced quotes in request")):
            self.assertEqual(self.refusal(data),
                             f"-ERR Protocol error: {why}\r\n")
        self.assert_well()

    def test_many_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        most = min(10_000, hard - 200)
        self.start(clients_max=most)
        wait_until(lambda: self.node.info()["connected_clients"] == "1",
                   "earlier clients are gone")
        held = []
        for _ in range(most):
            held.append(connect(self.node.client_port))
            self.addCleanup(held[-1].close)
        for x in held:
            x.sendall(b"PING\r\n")
        for x in held:
            self.assertEqual(x.recv(100), b"+PONG\r\n")
        self.assertEqual(self.refusal(b""),
                         "-ERR max number of clients reached\r\n")
        self.assertEqual(self.kept.nodes[1].call("SET", "key", "1"), "OK")
        held[0].sendall(b"GET key\r\n")
        self.assertEqual(held[0].recv(100), b"$1\r\n1\r\n")
        for x in held:
            x.close()
        wait_until(lambda: self.node.info().get("connected_clients") == "1",
                   "the clients are gone")
        self.assertEqual(self.node.call("GET", "key"), b"1")

    def test_a_slow_reader_is_cut_off(self):
        self.start(client_output_bytes_max=MIB)
        self.node.call("SET", "large", b"x" * (MIB // 2))
        wanted = 400
        with resp.Connection(self.node.client_port) as slow, \
                resp.Connection(self.node.client_port) as other:
            slow.send(*[("GET", "large")] * wanted)
            wait_until(lambda: self.node.info()["connected_clients"] == "2",
                       "the slow reader is cut off")
            self.assertLess(len(read_all(slow.socket)), wanted * MIB // 4)
            self.assertEqual(other.call("SET", "key", "value"), "OK")
        self.assert_well()


class DiskTest(ClusterCase):
    """Full and damaged disks."""

    def mount(self, folder, size):
        """A small file system of its own."""
        folder.mkdir(parents=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "cohort-test",
             str(folder)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest(f"cannot mount: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(folder)],
                        check=True)

    def test_full_disks(self):
        if os.geteuid() != 0:
            self.skipTest("only root can mount a small disk")
        disks = [self.directory / f"disk{i}" for i in range(3)]
        for x in disks:
            self.mount(x, "32m")
        cluster = self.cluster(
            data=[x / "data" for x in disks],
            limits={"segment_bytes": MIB, "log_bytes_max": 64 * MIB,
                    "snapshot_log_bytes": 32 * MIB,
                    "disk_reserve_bytes": MIB})
        cluster.start()
        for x in disks:
            (x / "ballast").write_bytes(
                b"x" * (os.statvfs(x).f_bavail * os.statvfs(x).f_frsize))
        kept = self.write_until_full(cluster)
        for node in cluster.nodes:
            for key in (min(kept), max(kept)):
                self.assertEqual(node.call("GET", key), kept[key])
        self.come_and_go(cluster)
        for x in disks:
            (x / "ballast").unlink()
        for node in cluster.nodes:
            cluster.await_service(node)
        for i in range(20):
            kept[f"after:{i}"] = b"%d" % i
            self.assertEqual(cluster.nodes[i % 3].call(
                "SET", f"after:{i}", i), "OK")
        cluster.kill9_all()
        cluster.start()
        for node in cluster.nodes:
            for key, value in kept.items():
                self.assertEqual(node.call("GET", key), value, key)

    def come_and_go(self, cluster):
        """Each node is killed, and starts on its full disk; it takes part in
        elections, and nobody stops."""
        for node in cluster.nodes:
            node.kill9()
            cluster.primary()
            node.start()
            wait_until(lambda x=node: cluster.role(x) in ("backup", "primary"),
                       f"{node.name} takes part")
            for x in cluster.nodes:
                self.assertTrue(x.alive(), f"{x.name} has stopped")

    def write_until_full(self, cluster):
        """What was acknowledged before a write was refused."""
        kept = {}
        for i in range(1000):
            key, value = f"key:{i:04}", b"%d" % i + b"x" * 65536
            try:
                cluster.nodes[i % 3].call("SET", key, value)
                kept[key] = value
            except resp.Refusal as refusal:
                if refusal.code == "DISKFULL":
                    self.assertGreater(len(kept), 0)
                    return kept
                # The primary hands over, and each of them is full.
                self.assertIn(refusal.code, ("UNKNOWN", "CLUSTERDOWN"))
        self.fail("the disk was never full")

    def test_a_flipped_bit_in_the_log(self):
        cluster = self.cluster()
        cluster.start()
        for i in range(300):
            cluster.nodes[i % 3].call("SET", f"key:{i}", b"%d" % i * 500)
        hurt = cluster.backups()[0]
        cluster.await_caught_up(hurt)
        hurt.kill9()
        segment = min((hurt.data / "log").glob("segment-*"),
                      key=lambda x: -self.used_bytes(x))
        self.flip_in_the_middle(segment)
        hurt.start()
        self.assertEqual(hurt.exit_code(), 1)
        last = hurt.trace().splitlines()[-1]
        self.assertRegex(last, f"cannot start: corrupt: .*{segment.name}.* "
                               "byte .*; nothing was changed. Admit the node "
                               "anew")
        for x in cluster.nodes:
            if x is not hurt:
                self.assertEqual(x.call("SET", "key:0", b""), "OK")
        hurt.wipe()
        hurt.start()
        cluster.await_service(hurt)
        for i in range(1, 300):
            self.assertEqual(hurt.call("GET", f"key:{i}"), b"%d" % i * 500)

    @staticmethod
    def used_bytes(segment):
        """Up to its last byte that is not zero."""
        return len(segment.read_bytes().rstrip(b"\0"))

    def flip_in_the_middle(self, segment):
        """One bit of what lies in the middle of the part in use."""
        pages = self.used_bytes(segment) // PAGE_BYTES
        self.assertGreater(pages, 100)
        at = pages // 2 * PAGE_BYTES + SECTOR_BYTES // 2
        with Path(segment).open("r+b") as file:
            file.seek(at)
            old = file.read(1)[0]
            file.seek(at)
            file.write(bytes([old ^ 0x10]))


if __name__ == "__main__":
    unittest.main()

"""The proxy does to bytes what it says, and nothing else."""

import asyncio
import json
import os
import subprocess
import sys
import time
import unittest

from proxy import CONNECTIONS_MAX, HELD_BYTES_MAX, Proxy, Weather

PROXY = os.path.join(os.path.dirname(__file__), "proxy.py")
PATIENCE_SECONDS = 60


class Far:
    """The node behind the proxy: keeps what it was sent, and can answer."""

    def __init__(self):
        self.received = bytearray()
        self.streams = []
        self.ended = 0
        self.reads = asyncio.Event()
        self.reads.set()
        self.port = None
        self._server = None

    async def listen(self):
        """On a port of its own."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        self.streams.append(writer)
        try:
            while await self.reads.wait() \
                    and (data := await reader.read(65536)):
                self.received += data
        except (ConnectionError, asyncio.CancelledError):
            pass
        self.ended += 1
        writer.close()

    def close(self):
        """The server and all connections."""
        self._server.close()
        for x in self.streams:
            x.close()


class ProxyTest(unittest.IsolatedAsyncioTestCase):
    """One path, from n1 to n2."""

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        self.far = Far()
        await self.far.listen()
        self.addCleanup(self.far.close)
        self.proxy = Proxy(1)
        self.addCleanup(self.proxy.close)
        self.port = await self.proxy.open("n1", "n2", 0, self.far.port)

    async def connect(self):
        """As n1."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.addCleanup(writer.close)
        return reader, writer

    async def connect_through(self):
        """The same, until n2 knows."""
        known = len(self.far.streams)
        made = await self.connect()
        await self.until(lambda: len(self.far.streams) > known)
        return made

    async def until(self, condition):
        """Waits for it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                await asyncio.sleep(0.002)

    async def exchange(self, wanted, reader, writer):
        """n2 has got this and no more, and n1 gets an answer."""
        await self.until(lambda: len(self.far.received) >= len(wanted))
        self.assertEqual(bytes(self.far.received), wanted)
        self.far.streams[0].write(b"answer")
        self.assertEqual(await reader.readexactly(6), b"answer")
        self.assertFalse(writer.is_closing())

    async def assert_cut_off(self, reader):
        """Nothing comes any more."""
        try:
            self.assertEqual(await reader.read(), b"")
        except ConnectionError:
            pass

    def weather(self, source="n1", target="n2", **fields):
        """Of one direction."""
        self.proxy.set_weather(source, target, Weather(**fields))

    async def test_bytes_pass_in_both_directions(self):
        reader, writer = await self.connect()
        sent = os.urandom(3 << 20)
        writer.write(sent)
        await self.exchange(sent, reader, writer)
        back = os.urandom(3 << 20)
        self.far.streams[0].write(back)
        self.assertEqual(await reader.readexactly(len(back)), back)
        self.assertEqual(self.proxy.counts()["bytes"],
                         len(sent) + len(back) + 6)

    async def test_the_end_comes_behind_the_bytes(self):
        _, writer = await self.connect()
        writer.write(b"last words")
        writer.close()
        await self.until(lambda: self.far.ended == 1)
        self.assertEqual(self.far.received, b"last words")

    async def test_who_is_not_there_is_not_connected(self):
        self.far.close()
        reader, _ = await self.connect()
        await self.assert_cut_off(reader)

    async def test_a_cut_holds_one_direction(self):
        reader, writer = await self.connect_through()
        self.weather(cut=True)
        writer.write(b"held")
        await self.until(
            lambda: self.proxy.counts().get("held most", 0) >= 4)
        await self.exchange(b"", reader, writer)
        self.weather()
        await self.exchange(b"held", reader, writer)

    async def test_a_cut_hides_the_end_of_a_connection(self):
        reader, writer = await self.connect_through()
        self.weather("n2", "n1", cut=True)
        self.far.streams[0].close()
        lane = self.connections()[0].lanes[1]
        await self.until(lambda: lane.source is None)
        self.weather("n2", "n1", cut=True)  # looks at what waits again
        writer.write(b"into nothing")
        await writer.drain()
        self.assertFalse(reader.at_eof())
        self.weather("n2", "n1")
        await self.assert_cut_off(reader)

    async def test_no_connection_is_made_through_a_cut(self):
        for source, target in (("n1", "n2"), ("n2", "n1")):
            known = len(self.far.streams)
            self.weather(source, target, cut=True)
            _, writer = await self.connect()
            writer.write(b"x")
            await self.until(lambda: self.held() > 0)
            self.assertEqual(len(self.far.streams), known)
            self.weather(source, target)
            await self.until(
                lambda n=known: len(self.far.streams) == n + 1)

    def taken(self):
        """Bytes that came into the proxy."""
        return self.held() + self.proxy.counts().get("bytes", 0)

    def held(self):
        """Bytes that wait, in all connections."""
        return sum(x.held_bytes for y in self.connections() for x in y.lanes)

    def connections(self):
        """Through the proxy."""
        return [x for path in self.proxy.paths() for x in path.connections]

    async def test_what_is_held_is_bounded(self):
        reader, writer = await self.connect_through()
        self.weather(cut=True)
        sent = os.urandom(16 << 20)
        writer.write(sent)
        await self.until(lambda: self.held() > HELD_BYTES_MAX)
        self.far.streams[0].write(b"still there")
        await reader.readexactly(11)
        self.assertLessEqual(self.held(), 2 * HELD_BYTES_MAX)
        self.weather()
        await self.exchange(sent, reader, writer)
        self.assertLessEqual(self.proxy.counts()["held most"],
                             2 * HELD_BYTES_MAX)

    async def test_who_does_not_read_holds_the_other_up(self):
        _, writer = await self.connect_through()
        self.far.reads.clear()
        sent = os.urandom(32 << 20)
        writer.write(sent)
        await self.until(lambda: self.held() > HELD_BYTES_MAX)
        self.assertLess(len(self.far.received), len(sent))
        self.far.reads.set()
        await self.until(lambda: len(self.far.received) == len(sent))
        self.assertEqual(bytes(self.far.received), sent)

    async def test_a_delay_keeps_the_order(self):
        reader, writer = await self.connect_through()
        self.weather(delay_ms=50, jitter_ms=50)
        begin = time.monotonic()
        sent = b""
        for i in range(20):
            sent += b"%d " % i
            writer.write(b"%d " % i)
            await writer.drain()
            await self.until(lambda n=len(sent): self.taken() >= n)
        await self.exchange(sent, reader, writer)
        self.assertGreaterEqual(time.monotonic() - begin, 0.05)

    async def test_a_throttled_link_takes_its_time(self):
        reader, writer = await self.connect_through()
        self.weather(bytes_per_second=100_000)
        begin = time.monotonic()
        sent = os.urandom(20_000)
        writer.write(sent)
        await self.exchange(sent, reader, writer)
        self.assertGreaterEqual(time.monotonic() - begin, 0.15)

    async def test_a_throttle_ends_at_once(self):
        reader, writer = await self.connect_through()
        self.weather(bytes_per_second=1)
        sent = os.urandom(20_000)
        writer.write(sent)
        await self.until(lambda: len(self.far.received) == 1)
        self.weather()
        await self.exchange(sent, reader, writer)

    async def test_flipped_bits(self):
        _, writer = await self.connect_through()
        self.weather(damaged=1)
        sent = bytes(1000)
        writer.write(sent)
        await self.until(lambda: len(self.far.received) == len(sent))
        self.assertIn(sum(x.bit_count() for x in self.far.received),
                      range(1, 4 * self.proxy.counts()["damaged"]))

    async def test_a_reset_ends_both_sides(self):
        reader, _ = await self.connect_through()
        self.weather(delay_ms=1_000_000)
        _, writer = await self.connect_through()
        writer.write(b"12345678")
        await self.until(lambda: self.held() == 8)
        self.proxy.reset("n1", "n2")
        await self.until(lambda: self.far.ended == 2)
        self.assertEqual(self.far.received, b"1234")
        await self.assert_cut_off(reader)
        self.assertEqual(self.proxy.counts()["resets"], 2)
        self.weather()
        await self.connect_through()

    async def test_connections_are_bounded(self):
        for _ in range(CONNECTIONS_MAX):
            await self.connect_through()
        reader, _ = await self.connect()
        await self.assert_cut_off(reader)
        self.assertEqual(self.proxy.counts()["turned away"], 1)

    async def test_a_pair_has_one_path(self):
        for way in (("n1", "n2"), ("n2", "n1")):
            with self.assertRaises(ValueError):
                await self.proxy.open(*way, 0, self.far.port)


class ProgramTest(unittest.TestCase):
    """The proxy as a process."""

    def test_commands(self):
        with subprocess.Popen(
                [sys.executable, PROXY, "1"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True) as process:
            for command in (
                    {"do": "open", "paths": [["n1", "n2", 0, 1]]},
                    {"do": "weather", "of": [["n2", "n1", {"cut": True}]]},
                    {"do": "reset", "from": "n1", "to": "n2"},
                    {"do": "counts"}):
                process.stdin.write(json.dumps(command) + "\n")
                process.stdin.flush()
                answer = json.loads(process.stdout.readline())
            self.assertEqual(answer, {"held": 0, "held most": 0})
            process.stdin.close()
            self.assertEqual(process.wait(timeout=PATIENCE_SECONDS), 0)


if __name__ == "__main__":
    unittest.main()

"""A proxy for TCP connections that harms them: what a bad network does to the
links between nodes, without needing a network of one's own.

Each *path* is a port where one node finds another. Each of its two directions
has a weather: bytes are held while it is cut, delayed, let through slowly, or
damaged. As with TCP itself, a cut tells nobody: bytes and ends of connections
wait, at most HELD_BYTES_MAX in each direction of a connection, then the sender
is not read any more. When the cut ends, they go on.

    proxy.py SEED

Reads commands from standard input and answers each with a line; JSON both. Ends
with its input.

    {"do": "open", "paths": [["n1", "n2", LISTEN_PORT, TARGET_PORT], ...]}
    {"do": "weather", "of": [["n1", "n2", {"cut": true}], ...]}
    {"do": "reset", "from": "n1", "to": "n2"}
    {"do": "counts"}
"""

import asyncio
import collections
import dataclasses
import json
import random
import sys

# What was read last can exceed it, by as much again.
HELD_BYTES_MAX = 256 << 10

CONNECTIONS_MAX = 64  # of a path; more are closed at once

# What is throttled comes in so many pieces a second.
PIECES_PER_SECOND = 50

FLIPS_MAX = 3  # bits in a piece that is damaged


@dataclasses.dataclass
class Weather:
    """What befalls the bytes of one direction."""
    cut: bool = False
    delay_ms: float = 0
    jitter_ms: float = 0  # at most this on top, drawn for each piece
    bytes_per_second: int = 0  # 0: no bound
    damaged: float = 0  # the part of pieces with flipped bits


class Direction:
    """From one node to the other, over all connections of a path."""

    def __init__(self, draw):
        self.weather = Weather()
        self.counts = collections.Counter()
        self.draw = draw

    def harm(self, data):
        """The same bytes, or not quite."""
        if self.draw.random() >= self.weather.damaged:
            return data
        self.counts["damaged"] += 1
        harmed = bytearray(data)
        for _ in range(self.draw.randint(1, FLIPS_MAX)):
            harmed[self.draw.randrange(len(harmed))] ^= \
                1 << self.draw.randrange(8)
        return bytes(harmed)


class Lane:
    """One direction of one connection: what came, and waits to go on."""

    def __init__(self, direction, loop):
        self.source = None
        self.sink = None
        self.sink_is_full = False
        self.held_bytes = 0
        self._direction = direction
        self._loop = loop
        self._queue = collections.deque()
        self._ended = False
        self._newest_due = 0.0
        self._next_send = 0.0
        self._timer = None

    def take(self, data):
        """What the source sent."""
        weather = self._direction.weather
        due = self._loop.time() + (weather.delay_ms + self._direction.draw
                                   .uniform(0, weather.jitter_ms)) / 1000
        self._newest_due = max(due, self._newest_due)  # keeps the order
        self._queue.append((self._newest_due, self._direction.harm(data)))
        self.held_bytes += len(data)
        self._direction.counts["held most"] = max(
            self.held_bytes, self._direction.counts["held most"])
        if self.held_bytes > HELD_BYTES_MAX:
            self.source.pause_reading()
        self.pump()

    def end(self):
        """The source is closed; the sink learns it behind all bytes."""
        self.source = None
        self._ended = True
        self.pump()

    def pump(self):
        """Sends what may go now."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._queue and not self._waits():
            self._send_piece()
        if self._ended and not self._queue and self.sink \
                and not self._direction.weather.cut:
            self.sink.close()

    def _waits(self):
        """Whether nothing may go now; then someone calls again."""
        if self.sink is None or self.sink.is_closing():
            return True
        if self._direction.weather.cut or self.sink_is_full:
            return True
        due = max(self._queue[0][0], self._next_send)
        if due <= self._loop.time():
            return False
        self._timer = self._loop.call_at(due, self.pump)
        return True

    def _send_piece(self):
        due, data = self._queue.popleft()
        rate = self._direction.weather.bytes_per_second
        if rate:
            most = max(1, rate // PIECES_PER_SECOND)
            if len(data) > most:
                self._queue.appendleft((due, data[most:]))
                data = data[:most]
            self._next_send = self._loop.time() + len(data) / rate
        self.held_bytes -= len(data)
        self._direction.counts["bytes"] += len(data)
        self.sink.write(data)
        if self.source and self.held_bytes <= HELD_BYTES_MAX:
            self.source.resume_reading()

    def tear(self):
        """Half of what comes next still arrives."""
        if self._queue and self.sink and not self._direction.weather.cut:
            data = self._queue[0][1]
            self.sink.write(data[:len(data) // 2])


class Side(asyncio.Protocol):
    """One end of a connection: what it says goes into a lane, and it is the
    sink of the other lane."""

    def __init__(self, lane, back, on_connected=None, on_lost=None):
        self._lane = lane
        self._back = back
        self._on_connected = on_connected
        self._on_lost = on_lost

    def connection_made(self, transport):
        self._lane.source = transport
        self._back.sink = transport
        if self._on_connected:
            self._on_connected()
        self._back.pump()

    def data_received(self, data):
        self._lane.take(data)

    def pause_writing(self):
        self._back.sink_is_full = True

    def resume_writing(self):
        self._back.sink_is_full = False
        self._back.pump()

    def connection_lost(self, exc):
        self._back.sink = None
        self._lane.end()
        if self._on_lost:
            self._on_lost()


class Connection:
    """From one node, through the proxy, to the other."""

    def __init__(self, path, loop):
        self._path = path
        self._loop = loop
        self.lanes = (Lane(path.forth, loop), Lane(path.back, loop))
        self._connecting = None
        self._near = Side(*self.lanes, self.try_connect, self._lost)
        self._far = Side(*reversed(self.lanes), None, self._lost)

    def accept(self):
        """The protocol of the node that connects."""
        return self._near

    def try_connect(self):
        """To the other node, once neither direction is cut: both are needed for
        that."""
        cut = self._path.forth.weather.cut or self._path.back.weather.cut
        if not cut and not self._connecting and self.lanes[0].source:
            self._connecting = self._loop.create_task(self._connect())

    async def _connect(self):
        try:
            await self._loop.create_connection(
                lambda: self._far, "127.0.0.1", self._path.target_port)
        except OSError:
            self.abort()

    def pump(self):
        """After a change of the weather."""
        self.try_connect()
        for x in self.lanes:
            x.pump()

    def reset(self):
        """Breaks off, in the middle of what is on its way."""
        for x in self.lanes:
            x.tear()
        self.abort()

    def abort(self):
        """Both sides are cut off at once."""
        for x in self.lanes:
            for side in (x.source, x.sink):
                if side:
                    side.abort()

    def _lost(self):
        if not any(x.source or x.sink for x in self.lanes):
            if self._connecting:
                self._connecting.cancel()
            self._path.connections.discard(self)


class Path:
    """Where one node finds another."""

    def __init__(self, forth, back, target_port):
        self.forth = forth
        self.back = back
        self.target_port = target_port
        self.connections = set()

    async def open(self, listen_port):
        """Listens. Returns the server."""
        return await asyncio.get_running_loop().create_server(
            self._accept, "127.0.0.1", listen_port)

    def _accept(self):
        if len(self.connections) >= CONNECTIONS_MAX:
            self.forth.counts["turned away"] += 1
            return Closed()
        self.forth.counts["connections"] += 1
        made = Connection(self, asyncio.get_running_loop())
        self.connections.add(made)
        return made.accept()

    def pump(self):
        """After a change of the weather."""
        for x in list(self.connections):
            x.pump()


class Closed(asyncio.Protocol):
    """For a connection too many."""

    def connection_made(self, transport):
        transport.abort()


class Proxy:
    """All paths of a cluster. Names are those of nodes."""

    def __init__(self, seed):
        self._draw = random.Random(seed)
        self._paths = {}
        self._directions = {}
        self._servers = []

    async def open(self, near, far, listen_port, target_port):
        """A path by which `near` finds `far`; each pair of nodes has one, and
        its connections carry both directions. Returns the port."""
        ways = ((near, far), (far, near))
        if any(x in self._directions for x in ways):
            raise ValueError(f"{near} and {far} have a path already")
        forth, back = (Direction(self._draw) for _ in ways)
        self._directions.update(zip(ways, (forth, back)))
        path = Path(forth, back, target_port)
        self._paths.update({x: path for x in ways})
        self._servers.append(await path.open(listen_port))
        return self._servers[-1].sockets[0].getsockname()[1]

    def paths(self):
        """Each once."""
        return set(self._paths.values())

    def close(self):
        """Of everything."""
        for x in self._servers:
            x.close()
        for path in self.paths():
            for x in list(path.connections):
                x.abort()

    def set_weather(self, source, target, weather):
        """Of one direction, at once."""
        self._directions[source, target].weather = weather
        self._paths[source, target].pump()

    def reset(self, source, target):
        """Breaks off all connections between two nodes."""
        path = self._paths[source, target]
        for x in list(path.connections):
            path.forth.counts["resets"] += 1
            x.reset()

    def counts(self):
        """What happened so far, over all directions; of `held most` the
        most. `held` is what waits now."""
        total = collections.Counter()
        for x in self._directions.values():
            most = max(total["held most"], x.counts["held most"])
            total.update(x.counts)
            total["held most"] = most
        total["held"] = sum(lane.held_bytes for path in self.paths()
                            for x in path.connections for lane in x.lanes)
        return dict(total)

    async def do(self, command):
        """Carries out a command; the answer."""
        if command["do"] == "open":
            for near, far, listen_port, target_port in command["paths"]:
                await self.open(near, far, listen_port, target_port)
        elif command["do"] == "weather":
            for source, target, fields in command["of"]:
                self.set_weather(source, target, Weather(**fields))
        elif command["do"] == "reset":
            self.reset(command["from"], command["to"])
        elif command["do"] == "counts":
            return self.counts()
        else:
            raise ValueError(f"no command: {command}")
        return {}


async def serve(seed):
    """Commands until the input ends."""
    proxy = Proxy(seed)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        print(json.dumps(await proxy.do(json.loads(line))), flush=True)
    proxy.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))

"""Clients that use the cluster without pause, and note all they saw."""

import asyncio
import collections
import random
import threading
import time

import resp
from operations import (COMPLETED, FAILED, NOT_DONE, REFUSED, UNKNOWN, Items,
                        Operation, Writer, name_of, value_in)

CLIENTS = 12
ITEMS_OF_KIND = 4
AT_ONCE_MAX = 3  # operations, each on an item of its own

# Then an answer is not waited for any more. Longer than the servers' own
# patience, so that most doubts come from them.
ANSWER_SECONDS = 2.5
CONNECT_SECONDS = 1.0

# When all keys are read at the end. There may be an election at any time, so
# some are asked again: after a pause of the server's own patience.
READ_AT_ONCE = 256
REFUSALS_MAX = 50 * READ_AT_ONCE

# Sometimes a client goes to another node by itself.
MOVES = 0.005


class Recorder:
    """Writes a history; see judge/history_text.hpp. Of one thread at a time."""

    def __init__(self, path):
        self.path = path
        self.counts = collections.Counter()
        self._file = open(path, "w", encoding="ascii")
        self._file.write("cohort-history 1\n")

    @staticmethod
    def now():
        """All clients share this clock."""
        return time.monotonic_ns()

    def note(self, client, operation, called, outcome):
        """An operation that is over. Without an answer it may stand anywhere
        after its call; what only asked then says nothing."""
        self.counts[outcome] += 1
        if outcome == UNKNOWN and not operation.changes():
            return
        returned = "-" if outcome == UNKNOWN else self.now()
        self._file.write(f"{client} {called} {returned} {outcome} "
                         f"{operation.text()}\n")

    def close(self):
        """The file is whole."""
        self._file.close()


async def receive(reader):
    """The next reply; an error as a resp.Refusal."""
    line = await reader.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the server hung up")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest.decode()
    if kind == b"-":
        return resp.Refusal(rest.decode())
    if kind == b":":
        return int(rest)
    size = int(rest)
    if size < 0:
        return None
    if kind == b"*":
        return [await receive(reader) for _ in range(size)]
    return (await reader.readexactly(size + 2))[:-2]


class Client:
    """One connection after the other, to any node."""

    def __init__(self, number, load, seed):
        self._number = number
        self._load = load
        self._draw = random.Random(seed)
        self._node = None
        self._watched = None

    async def run(self):
        """Until it is told to stop."""
        while not self._load.stopping:
            self._node = self._draw.choice(self._load.nodes)
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    reader, writer = await asyncio.open_connection(
                        "127.0.0.1", self._node.client_port)
            except OSError:  # TimeoutError is one
                await asyncio.sleep(self._draw.uniform(0.01, 0.05))
                continue
            try:
                await self._use(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                self._load.recorder.counts["lost connections"] += 1
            finally:
                writer.transport.abort()

    async def _use(self, reader, writer):
        self._watched = None
        while not self._load.stopping and self._draw.random() >= MOVES:
            operations = self._next()
            if operations:
                done = await self._carry_out(operations, reader, writer)
                if done:
                    continue
            # All are taken, or the set is out of service: not so fast.
            await asyncio.sleep(self._draw.uniform(0.005, 0.05))

    def _next(self):
        """What to do at once."""
        watched, self._watched = self._watched, None
        if watched and watched.item.has_room():
            return [self._load.writer.compare_and_set(watched)]
        items = self._load.items.draw(self._draw,
                                      self._draw.randint(1, AT_ONCE_MAX))
        made = [self._load.writer.operation(x) for x in items]
        return made[:1] if any(x.watches for x in made[:1]) \
            else [x for x in made if not x.watches]

    async def _carry_out(self, operations, reader, writer):
        """Whether any was completed. OSError: the connection is lost."""
        for x in operations:
            x.item.open += 1
        called = Recorder.now()
        outcomes = []
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                writer.write(b"".join(resp.encode(y) for x in operations
                                      for y in x.commands))
                for x in operations:
                    outcomes.append(x.outcome(
                        [await receive(reader) for _ in x.commands]))
                    self._end(x, called, outcomes[-1])
        finally:
            for x in operations[len(outcomes):]:
                self._end(x, called, UNKNOWN)
        if operations[0].watches and outcomes[0] == COMPLETED:
            self._watched = operations[0]
        return any(x in (COMPLETED, REFUSED) for x in outcomes)

    def _end(self, operation, called, outcome):
        if outcome == UNKNOWN and not operation.changes():
            self._load.items.end(operation.item, FAILED)
        else:
            self._load.items.end(operation.item, outcome)
        self._load.recorder.note(self._number, operation, called, outcome)
        if outcome == COMPLETED:
            self._load.completed[self._node.name] += 1


class Load(threading.Thread):
    """The clients of one history, in a thread of their own. The first thing
    that a server must not say ends it, and is kept."""

    def __init__(self, nodes, path, seed, first_key):
        super().__init__(daemon=True)
        self.nodes = nodes
        self.recorder = Recorder(path)
        self.items = Items(first_key, ITEMS_OF_KIND)
        self.completed = collections.Counter()  # by node
        self.problem = None
        self.stopping = False
        draw = random.Random(seed)
        self.writer = Writer(draw)
        self._clients = [Client(i + 1, self, draw.random())
                         for i in range(CLIENTS)]

    def run(self):
        """Until it is told to stop."""
        try:
            asyncio.run(self._run_clients())
        except ExceptionGroup as problems:
            self.problem = problems.exceptions[0]

    async def _run_clients(self):
        async with asyncio.TaskGroup() as group:
            for x in self._clients:
                group.create_task(x.run())

    def check(self):
        """Raises what a server must not have said."""
        if self.problem:
            raise self.problem

    def stop(self):
        """Returns when no client does anything any more. The answers that
        arrive meanwhile count, too: see check()."""
        self.stopping = True
        self.join()
        self.check()

    def read_all(self, port):
        """All keys that were ever used, one by one at this node, as it notes
        them in the history; the values. Precondition: stopped."""
        found = {}
        left = list(self.items.keys)
        tries = 0
        with resp.Connection(port) as connection:
            while left:
                keys, left = left[:READ_AT_ONCE], left[READ_AT_ONCE:]
                called = Recorder.now()
                connection.send(*[("GET", name_of(x)) for x in keys])
                for key in keys:
                    reply = connection.receive()
                    if not isinstance(reply, resp.Refusal):
                        found[key] = reply
                        self._note_read(key, reply, called)
                        continue
                    tries += 1
                    if reply.code not in NOT_DONE or tries > REFUSALS_MAX:
                        raise reply
                    left.append(key)
        return found

    def _note_read(self, key, reply, called):
        read = Operation(None, [("GET", name_of(key))], [["read", key, None]],
                         None)
        read.results = [value_in(reply)]
        self.recorder.note(0, read, called, COMPLETED)

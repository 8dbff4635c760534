"""Clients that write without pause, and what they know at the end.

Each writer keeps to one node. It sends pipelines of SET (every key once, with
a value of its own) and INCR (a counter of its own, and one that all share), and
notes of each command what it was told: done, certainly not done, or unknown."""

import random
import threading

import resp

# Certainly without effect (K2).
NOT_DONE = {"CLUSTERDOWN", "LOADING", "TRYAGAIN", "BUSY"}
PIPELINE_MAX = 12
SHARED = "counter:shared"


class Counter:
    """What one client knows of a counter."""

    def __init__(self):
        self.replies = []
        self.unknown = 0


class Worker(threading.Thread):
    """A thread with a connection that it makes anew; the first error that it
    did not expect ends it, and is kept."""

    def __init__(self, node, stop):
        super().__init__(daemon=True)
        self.node = node
        self.problem = None
        self.lost_connections = 0
        self._stop_wanted = stop

    def run(self):
        """Until it is told to stop."""
        try:
            while not self._stop_wanted.is_set():
                self._serve_one_connection()
        except Exception as problem:  # pylint: disable=broad-except
            self.problem = problem

    def _serve_one_connection(self):
        try:
            connection = resp.Connection(self.node.client_port)
        except OSError:
            self._stop_wanted.wait(0.01)
            return
        try:
            with connection:
                while not self._stop_wanted.is_set():
                    self.step(connection)
        except TimeoutError:
            raise
        except OSError:
            self.lost_connections += 1

    def step(self, connection):
        """Sends and receives. OSError: the connection is lost."""
        raise NotImplementedError


class Writer(Worker):
    """Writes, and keeps the books."""

    def __init__(self, name, node, stop, seed, clock):
        super().__init__(node, stop)
        self.name = name
        self.acknowledged = {}
        self.refused = set()
        self.unknown = set()
        self.counters = {f"counter:{name}": Counter(), SHARED: Counter()}
        self.unknown_seconds = []
        self._clock = clock
        self._random = random.Random(seed)
        self._last_key = 0

    def step(self, connection):
        commands = [self._next() for _ in
                    range(self._random.randint(1, PIPELINE_MAX))]
        sent = self._clock()
        told = 0
        try:
            connection.send(*commands)
            for command in commands:
                reply = connection.receive()
                told += 1
                self._note(command, reply, self._clock() - sent)
        except OSError:
            for command in commands[told:]:
                self._note_unknown(command)
            raise

    def _next(self):
        kind = self._random.randrange(4)
        if kind == 0:
            return ("INCR", SHARED)
        if kind == 1:
            return ("INCR", f"counter:{self.name}")
        self._last_key += 1
        return ("SET", f"key:{self.name}:{self._last_key}",
                f"value {self._last_key} of {self.name}")

    def _note(self, command, reply, seconds):
        if isinstance(reply, resp.Refusal):
            if reply.code == "UNKNOWN":
                self.unknown_seconds.append(seconds)
                self._note_unknown(command)
            elif reply.code in NOT_DONE:
                if command[0] == "SET":
                    self.refused.add(command[1])
            else:
                raise AssertionError(f"{command}: {reply}")
        elif command[0] == "SET":
            if reply != "OK":
                raise AssertionError(f"{command}: {reply!r}")
            self.acknowledged[command[1]] = command[2].encode()
        else:
            self._note_count(self.counters[command[1]].replies, reply)

    def _note_count(self, replies, reply):
        if not isinstance(reply, int) or (replies and reply <= replies[-1]):
            raise AssertionError(f"INCR: {reply!r} after {replies[-1:]}")
        replies.append(reply)

    def _note_unknown(self, command):
        if command[0] == "SET":
            self.unknown.add(command[1])
        else:
            self.counters[command[1]].unknown += 1


class Watcher(Worker):
    """Reads the shared counter: never less than what any client was told before
    the question was sent, and never backwards."""

    def __init__(self, node, stop, writers):
        super().__init__(node, stop)
        self.reads = 0
        self._writers = writers
        self._last = 0

    def step(self, connection):
        least = max([self._last] + [x.counters[SHARED].replies[-1]
                                    for x in self._writers
                                    if x.counters[SHARED].replies])
        connection.send(("GET", SHARED))
        reply = connection.receive()
        if isinstance(reply, resp.Refusal):
            if reply.code not in NOT_DONE:
                raise AssertionError(f"GET: {reply}")
            return
        value = int(reply or 0)
        if value < least:
            raise AssertionError(
                f"a stale read: {value}, but {least} was known before")
        self._last = value
        self.reads += 1

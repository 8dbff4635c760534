"""Clients, of a server that says what it is told to: what was wrong is not
lost, and what is in doubt does not become too much."""

import random
import socketserver
import tempfile
import threading
import unittest
from pathlib import Path
from types import SimpleNamespace

from load import Load, Recorder
from operations import KINDS, OPEN_MAX, UNKNOWN
from support import wait_until


class Server(socketserver.ThreadingTCPServer):
    """Answers each command with answer(), which may take its time."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Serving)
        self.answer = answer
        self.node = SimpleNamespace(name="n1",
                                    client_port=self.server_address[1])
        threading.Thread(target=self.serve_forever, daemon=True,
                         kwargs={"poll_interval": 0.01}).start()


class Serving(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self):
        try:
            while line := self.rfile.readline():
                for _ in range(int(line[1:])):
                    size = int(self.rfile.readline()[1:])
                    self.rfile.read(size + 2)
                self.wfile.write(self.server.answer())
        except OSError:
            pass  # the client went


class LoadTest(unittest.TestCase):
    """All clients of a history."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.history = Path(directory.name) / "history"

    def make(self, answer):
        """Of such a server, not started; and the server."""
        server = Server(answer)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        load = Load([server.node], self.history, "seed", 1)
        self.addCleanup(load.recorder.close)
        return load, server

    def stop_while_asking(self, said):
        """All answers arrive after the clients were told to stop."""
        asked = threading.Event()

        def answer():
            asked.set()
            wait_until(lambda: load.stopping, "clients are to stop")
            return said

        load, _ = self.make(answer)
        load.start()
        self.assertTrue(asked.wait(60))
        load.check()
        load.stop()

    def test_a_wrong_answer_while_clients_stop(self):
        with self.assertRaisesRegex(AssertionError, "ERR what"):
            self.stop_while_asking(b"-ERR what\r\n")

    def test_a_right_answer_while_clients_stop(self):
        self.stop_while_asking(b"-LOADING why\r\n")

    def test_a_wrong_answer_before(self):
        load, _ = self.make(lambda: b"-ERR what\r\n")
        load.start()
        wait_until(lambda: load.problem, "it is wrong")
        for call in (load.check, load.stop):
            with self.assertRaisesRegex(AssertionError, "ERR what"):
                call()

    def test_the_judge_can_do_with_what_is_open(self):
        """All operations that there is room for are in doubt, when all keys
        are read at the end: of each kind of item."""
        load, server = self.make(lambda: b"$-1\r\n")
        items = {x.kind: x for x in load.items.draw(random.Random(1), 99)}
        self.assertEqual(items.keys(), KINDS.keys())
        for item in items.values():
            while item.has_room():
                item.open += 1
                self.note_doubt(load, item)
        load.read_all(server.node.client_port)
        load.recorder.close()
        for item in items.values():
            self.assertEqual(self.most_open(item.keys), OPEN_MAX, item.kind)

    @staticmethod
    def note_doubt(load, item):
        """Of a change of this item."""
        while True:
            made = load.writer.operation(item)
            if made.changes():
                load.recorder.note(1, made, Recorder.now(), UNKNOWN)
                return

    def most_open(self, keys):
        """At the same time on these keys, as the judge counts: what is called
        when another one returns overlaps it."""
        events = []
        for line in self.history.read_text().splitlines()[1:]:
            _, called, returned, _, *accesses = line.split()
            if int(accesses[1]) in keys:  # all others are of the same item
                events.append((int(called), -1))
                if returned != "-":
                    events.append((int(returned), 1))
        most = now = 0
        for _, change in sorted(events):
            now -= change
            most = max(most, now)
        return most


if __name__ == "__main__":
    unittest.main()

"""cohortctl as a process, against servers that answer as told."""

import os
import socketserver
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

TOOL = os.environ["COHORTCTL"]


class Server:
    """Answers the first command of each connection with `reply`, and closes
    it; keeps what it was sent. None: says nothing until it is closed."""

    def __init__(self, reply):
        self.received = []
        self.closing = threading.Event()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            """One connection."""

            def handle(self):
                outer.received.append(command(self.rfile))
                if reply is None:
                    outer.closing.wait()
                else:
                    self.wfile.write(reply)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0),
                                                       Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever,
                         args=(0.01,)).start()

    def close(self):
        """Frees the port."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


def command(file):
    """The words of one command."""
    words = []
    for _ in range(int(file.readline()[1:])):
        size = int(file.readline()[1:])
        words.append(file.read(size + 2)[:-2].decode())
    return words


def run(*arguments):
    """Exit code, output and errors of the tool."""
    done = subprocess.run([TOOL, *arguments], capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


class CtlTest(unittest.TestCase):
    """What an operator sees."""

    def serve(self, reply):
        """A server until the end of the test."""
        server = Server(reply)
        self.addCleanup(server.close)
        return server

    def unused_port(self):
        """A port where nobody listens."""
        server = Server(b"")
        server.close()
        return server.port

    def topology(self, ports):
        """A topology file of nodes that serve clients at these ports."""
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        text = '[cluster]\nname = "main"\n[[sets]]\nname = "kv"\n'
        for i, port in enumerate(ports, 1):
            text += (f'[[nodes]]\nname = "n{i}"\npeer = "127.0.0.1:{i}"\n'
                     f'client = "127.0.0.1:{port}"\ndata = "n{i}"\n')
        path = Path(directory.name) / "cluster.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_status_prints_what_the_node_says(self):
        for reply in (b"$11\r\nall is well\r\n", b"=15\r\ntxt:all is well\r\n",
                      b"+all is well\r\n", b"$12\r\nall is well\n\r\n"):
            server = self.serve(reply)
            self.assertEqual(run("status", "--address",
                                 f"127.0.0.1:{server.port}"),
                             (0, "all is well\n", ""))
            self.assertEqual(server.received, [["COHORT.STATUS"]])

    def test_status_asks_the_next_node(self):
        dead = self.unused_port()
        gone = self.serve(b"")
        good = self.serve(b"+fine\r\n")
        config = self.topology([dead, gone.port, good.port])
        code, out, err = run("status", "--config", config)
        self.assertEqual((code, out), (0, "fine\n"))
        self.assertEqual(err,
                         f"node n1 at 127.0.0.1:{dead}: Connection refused\n"
                         f"node n2 at 127.0.0.1:{gone.port}: closed the "
                         "connection\n")

    def test_status_of_one_node(self):
        first = self.serve(b"+first\r\n")
        second = self.serve(b"+second\r\n")
        config = self.topology([first.port, second.port])
        self.assertEqual(run("status", "--config", config, "--node", "n2"),
                         (0, "second\n", ""))
        self.assertEqual(first.received, [])

    def test_nobody_answers(self):
        port = self.unused_port()
        self.assertEqual(run("status", "--address", f"127.0.0.1:{port}"),
                         (1, "", f"127.0.0.1:{port}: Connection refused\n"
                          "no node answered\n"))

    def test_a_silent_node_is_given_up(self):
        silent = self.serve(None)
        code, _, err = run("status", "--address", f"127.0.0.1:{silent.port}",
                           "--timeout-ms", "50")
        self.assertEqual(code, 1)
        self.assertIn("no answer in time", err)

    def test_another_protocol_is_named(self):
        for reply in (b"HTTP/1.1 400\r\n\r\n", b"$x\r\n", b"$99999999999\r\n"):
            server = self.serve(reply)
            code, _, err = run("status", "--address",
                               f"127.0.0.1:{server.port}")
            self.assertEqual(code, 1)
            self.assertIn("does not speak the Redis protocol", err)

    def test_form_tells_one_node_that_is_there(self):
        dead = self.unused_port()
        first = self.serve(b"+OK\r\n")
        second = self.serve(b"+OK\r\n")
        missing = self.serve(b"+OK\r\n")
        config = self.topology([dead, first.port, second.port, missing.port])
        code, out, _ = run("form", "--config", config, "--without", "n1", "n4")
        self.assertEqual((code, out), (0, "OK\n"))
        self.assertEqual(first.received,
                         [["COHORT.FORM", "WITHOUT", "n1", "n4"]])
        self.assertEqual(second.received + missing.received, [])

    def test_form_does_not_go_on_when_it_is_refused_or_in_doubt(self):
        for reply, said in ((b"-ERR formed already\r\n", "formed already"),
                            (b"", "whether it was told is not known")):
            first = self.serve(reply)
            second = self.serve(b"+OK\r\n")
            config = self.topology([first.port, second.port, 1000])
            code, out, err = run("form", "--config", config, "--without", "n3")
            self.assertEqual((code, out), (1, ""))
            self.assertIn(said, err)
            self.assertEqual(second.received, [])

    def test_usage(self):
        config = self.topology([1000, 1001])
        for arguments, said in (
                ([], "subcommand is required"),
                (["status"], "--config or --address is required"),
                (["status", "--address", "here"], "has no port"),
                (["status", "--config", "/none.toml"], "cannot be read"),
                (["status", "--config", config, "--node", "n9"],
                 'no node "n9" serves clients'),
                (["form", "--config", config], "--without is required"),
                (["form", "--config", config, "--without", "n9"],
                 'there is no node "n9"')):
            code, out, err = run(*arguments)
            self.assertEqual((code, out), (2, ""), arguments)
            self.assertIn(said, err)

    def test_version(self):
        code, out, _ = run("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^cohortctl \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()

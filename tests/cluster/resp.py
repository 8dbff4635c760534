"""A plain Redis client: one connection, RESP2, no retries. What these tests
judge is what the server said, so nothing here hides or repeats anything."""

import socket


class Refusal(Exception):
    """An error reply. Part of a pipeline's replies as a value; raised by
    call()."""

    @property
    def code(self):
        """Its first word."""
        return str(self).split(" ", 1)[0]


def encode(words):
    """A command, as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


class Connection:
    """Raises OSError (ConnectionError, TimeoutError) when it is lost."""

    def __init__(self, port, timeout=60):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Replies that were not read are lost."""
        self._stream.close()
        self.socket.close()

    def send(self, *commands):
        """Each command is a tuple of words."""
        self.socket.sendall(b"".join(encode(x) for x in commands))

    def receive(self):
        """The next reply; an error as a Refusal."""
        line = self._stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server hung up")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return Refusal(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self._bulk(int(rest))
        if kind == b"*":
            size = int(rest)
            return [self.receive() for _ in range(size)] if size >= 0 else None
        raise ConnectionError(f"not a reply: {line!r}")

    def call(self, *words):
        """One command and its reply."""
        self.send(words)
        reply = self.receive()
        if isinstance(reply, Refusal):
            raise reply
        return reply

    def _bulk(self, size):
        if size < 0:
            return None
        data = self._stream.read(size + 2)
        if len(data) != size + 2:
            raise ConnectionError("the server hung up")
        return data[:-2]


def call(port, *words, timeout=60):
    """One command over a connection of its own."""
    with Connection(port, timeout) as connection:
        return connection.call(*words)


def info(port, timeout=10):
    """The fields of INFO; empty while there is no answer."""
    try:
        text = call(port, "INFO", timeout=timeout).decode()
    except (OSError, Refusal):
        return {}
    return dict(line.split(":", 1) for line in text.splitlines()
                if ":" in line)

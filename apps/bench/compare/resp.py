"""Enough of a Redis client to ask a server how it is."""

import socket

TIMEOUT_SECONDS = 2


class ReplyError(Exception):
    """The server answered with an error."""


def encode(*words):
    """A command, as an array of bulk strings."""
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        data = word.encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def read_reply(stream):
    """One status, integer, bulk or nil from a binary file."""
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the server hung up")
    kind, rest = line[:1], line[1:-2].decode()
    if kind == b"+":
        return rest
    if kind == b"-":
        raise ReplyError(rest)
    if kind == b":":
        return int(rest)
    if kind == b"$":
        size = int(rest)
        if size < 0:
            return None
        data = stream.read(size + 2)
        if len(data) != size + 2:
            raise ConnectionError("the server hung up")
        return data[:-2].decode(errors="replace")
    raise ConnectionError(f"not a reply: {line!r}")


def call(port, *words):
    """Sends one command to a server on loopback and returns its reply."""
    with socket.create_connection(("127.0.0.1", port),
                                  TIMEOUT_SECONDS) as connection:
        connection.sendall(encode(*words))
        with connection.makefile("rb") as stream:
            return read_reply(stream)


def fields(info):
    """What INFO answers, as a dictionary."""
    return dict(line.split(":", 1) for line in info.splitlines()
                if ":" in line and not line.startswith("#"))


def replication(port):
    """The fields of INFO replication; empty while there is no answer."""
    try:
        return fields(call(port, "INFO", "replication") or "")
    except (OSError, ReplyError):
        return {}

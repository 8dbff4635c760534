#!/usr/bin/python3
"""What the comparison needs of a cohortd, and nothing else: it reads the
topology file, says who is the primary, and answers GET and SET. The primary is
the first node of the topology whose peer port answers; another takes half a
second to take over. Clients are served once all nodes were up. Nothing is
replicated.

    fake_cohortd.py --config FILE --node NAME"""

import asyncio
import sys
import tomllib

MISSING = b"$-1\r\n"

# Longer than a busy machine makes this program wait now and then.
FAILOVER_SECONDS = 0.5


def port_of(address):
    """The port of a host:port."""
    return int(address.rsplit(":", 1)[1])


async def answers(port):
    """Whether somebody listens there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


class FakeNode:
    """One node."""

    def __init__(self, nodes, own):
        self._nodes = nodes
        self._before = nodes[:nodes.index(own)]
        self._own = own
        self._alone_since = None
        self._values = {}

    async def run(self):
        """Serves until it is killed."""
        await asyncio.start_server(lambda _, writer: writer.close(),
                                   "127.0.0.1", port_of(self._own["peer"]))
        # Without this, a node could take one that is still to come for dead.
        for node in self._nodes:
            while not await answers(port_of(node["peer"])):
                await asyncio.sleep(0.01)
        clients = await asyncio.start_server(
            self._serve, "127.0.0.1", port_of(self._own["client"]))
        await clients.serve_forever()

    async def _is_primary(self):
        for node in self._before:
            if await answers(port_of(node["peer"])):
                return False
        now = asyncio.get_running_loop().time()
        if self._alone_since is None:
            self._alone_since = now
        return not self._before or now - self._alone_since > FAILOVER_SECONDS

    async def _serve(self, reader, writer):
        try:
            while True:
                writer.write(await self._answer(await command(reader)))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, words):
        primary = await self._is_primary()
        if words[0] == b"INFO":
            role = "master" if primary else "slave"
            info = f"# Replication\r\nrole:{role}\r\n".encode()
            return b"$%d\r\n%s\r\n" % (len(info), info)
        if not primary:
            return b"-TRYAGAIN this node is a backup\r\n"
        if words[0] == b"SET":
            self._values[words[1]] = words[2]
            return b"+OK\r\n"
        value = self._values.get(words[1])
        return MISSING if value is None \
            else b"$%d\r\n%s\r\n" % (len(value), value)


async def command(reader):
    """The words of one command."""
    count = int((await reader.readuntil(b"\r\n"))[1:])
    words = []
    for _ in range(count):
        size = int((await reader.readuntil(b"\r\n"))[1:])
        words.append((await reader.readexactly(size + 2))[:-2])
    return words


def main():
    """Reads the command line and serves."""
    if sys.argv[1:] == ["--version"]:
        print("fake cohortd 1")
        return
    options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    with open(options["--config"], "rb") as file:
        nodes = tomllib.load(file)["nodes"]
    own = next(node for node in nodes if node["name"] == options["--node"])
    asyncio.run(FakeNode(nodes, own).run())


if __name__ == "__main__":
    main()

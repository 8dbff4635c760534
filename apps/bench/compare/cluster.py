"""A running cluster of three servers of one system."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from compare.processes import Server, ServerFailed, free_ports, wait_until

NODES = 3
START_SECONDS = 60


@dataclass(frozen=True)
class Node:
    """Where one server of a cluster lives. The client ports of a cluster
    follow each other, and so do its peer ports."""

    name: str
    client_port: int
    peer_port: int
    directory: Path


class Cluster:
    """Starts a system from nothing, and leaves nothing: a context manager.

    All its files are in one new directory under `scratch`."""

    def __init__(self, system, scratch):
        self.system = system
        self.nodes = []
        self.servers = []
        self._scratch = scratch
        self._directory = None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def endpoints(self):
        """host:port of the primary, and then of the others that serve."""
        primary = self.primary()
        ordered = [primary] + [i for i in range(NODES) if i != primary]
        if self.system.only_primary_serves:
            ordered = ordered[:1]
        return [f"127.0.0.1:{self.nodes[i].client_port}" for i in ordered]

    def primary(self):
        """Which node is the primary now."""
        found = []

        def find():
            self._check_alive()
            at = self.system.primary(self.nodes)
            if at is not None:
                found.append(at)
            return bool(found)

        wait_until(find, START_SECONDS, f"a primary of {self.system.name}")
        return found[0]

    def kill(self, at):
        """kill -9 of one node, for the rest of this cluster's life."""
        self.servers[at].kill()

    def cpu_seconds(self):
        """Processor time of all servers."""
        self._check_alive()
        return sum(server.cpu_seconds() for server in self.servers)

    def resident_mib(self):
        """Resident memory of the largest server."""
        self._check_alive()
        return max(server.resident_mib() for server in self.servers)

    def _start(self):
        self._directory = Path(tempfile.mkdtemp(
            prefix=f"{self.system.name}-", dir=self._scratch))
        self.nodes = _nodes(self._directory)
        for node in self.nodes:
            node.directory.mkdir()
        self.system.prepare(self.nodes, self._directory)
        for node in self.nodes:
            command = self.system.command(node, self.nodes, self._directory)
            self.servers.append(Server(node.name, command, self._directory))

        def serving():
            self._check_alive()
            return self.system.serving(self.nodes)

        wait_until(serving, START_SECONDS, f"{self.system.name} serves")

    def _check_alive(self):
        for server in self.servers:
            if not server.alive():
                raise ServerFailed(f"{self.system.name} {server.name} died:\n"
                                   + server.output_tail())

    def _stop(self):
        for server in self.servers:
            server.kill()
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)


def _nodes(directory):
    first = free_ports(2 * NODES)
    return [Node(f"n{i + 1}", first + i, first + NODES + i,
                 directory / f"n{i + 1}") for i in range(NODES)]

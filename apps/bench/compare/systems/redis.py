"""Redis: one master and two replicas, each with a synced append-only file."""

from compare import resp
from compare.systems.base import System, first_line, program_missing


class Redis(System):
    """Every batch of SETs ends with WAIT 1: two copies, as in the other
    systems, but no consensus: a failover may lose or fork what was
    acknowledged, and reads of the master are not linearizable."""

    name = "redis"
    write_arguments = ("--wait", "1")
    only_primary_serves = True
    no_failover = "Redis fails over only with Sentinel"
    note = "WAIT 1 after each write or batch; no consensus"

    def why_missing(self):
        return program_missing("redis-server", "redis-server")

    def version(self):
        return first_line("redis-server", "--version")

    def command(self, node, nodes, directory):
        command = ["redis-server", "--port", str(node.client_port),
                   "--bind", "127.0.0.1", "--dir", str(node.directory),
                   "--save", "", "--appendonly", "yes",
                   "--appendfsync", "always",
                   "--repl-diskless-sync-delay", "0"]
        if node != nodes[0]:
            command += ["--replicaof", "127.0.0.1",
                        str(nodes[0].client_port)]
        return command

    def serving(self, nodes):
        info = resp.replication(nodes[0].client_port)
        return all("state=online" in info.get(f"slave{i}", "")
                   for i in range(len(nodes) - 1))

    def primary(self, nodes):
        return 0

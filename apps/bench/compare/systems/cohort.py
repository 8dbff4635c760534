"""Cohort itself: three cohortd with one set."""

from pathlib import Path

from compare import resp
from compare.systems.base import System, first_line

PROBE_KEY = "key:000000000000"


def topology(nodes, engine):
    """The topology file of a cluster. All that the comparison knows about the
    file's format is here."""
    parts = ['[cluster]\nname = "bench"\n']
    for node in nodes:
        parts.append(f'[[nodes]]\n'
                     f'name = "{node.name}"\n'
                     f'peer = "127.0.0.1:{node.peer_port}"\n'
                     f'client = "127.0.0.1:{node.client_port}"\n'
                     f'data = "{node.directory}"\n')
    parts.append(f'[[sets]]\n'
                 f'name = "main"\n'
                 f'mode = "primary_backup"\n'
                 f'engine = "{engine}"\n')
    return "\n".join(parts)


class Cohort(System):
    """One engine of Cohort counts as one system."""

    def __init__(self, program, engine):
        self.name = "cohort" if engine == "memory" else f"cohort-{engine}"
        self.note = f"{engine} engine; linearizable reads"
        self._program = Path(program)
        self._engine = engine

    def why_missing(self):
        if self._program.is_file():
            return None
        return f"{self._program} is not there: build the target cohortd"

    def version(self):
        return first_line(str(self._program), "--version")

    def prepare(self, nodes, directory):
        (directory / "cluster.toml").write_text(
            topology(nodes, self._engine), encoding="utf-8")

    def command(self, node, nodes, directory):
        return [str(self._program), "--config",
                str(directory / "cluster.toml"), "--node", node.name]

    def serving(self, nodes):
        at = self.primary(nodes)
        if at is None or None in _roles(nodes):
            return False
        try:
            return resp.call(nodes[at].client_port, "SET", PROBE_KEY,
                             "value") == "OK"
        except (OSError, resp.ReplyError):
            return False

    def primary(self, nodes):
        roles = _roles(nodes)
        return roles.index("master") if roles.count("master") == 1 else None


def _roles(nodes):
    """What each node says it is; None of one that does not answer."""
    return [resp.replication(node.client_port).get("role") for node in nodes]

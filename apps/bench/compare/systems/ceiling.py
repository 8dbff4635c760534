"""The ceiling probe: the same work with a fixed leader and nothing else."""

import shutil
import subprocess
from pathlib import Path

from compare import resp
from compare.processes import ServerFailed
from compare.systems.base import System

# It parses no key of another length.
PROBE_KEY = "key:000000000000"


class Ceiling(System):
    """Not a system but a limit. `source` is its one file, which is compiled
    into `build_directory`. Its reads are a network ceiling: they ask nobody
    whether the leader still leads."""

    name = "ceiling"
    only_primary_serves = True
    no_failover = "the probe's leader is fixed"
    note = "a limit, not a system: no elections, snapshots or recovery"

    def __init__(self, source, build_directory):
        self._source = Path(source)
        self._program = Path(build_directory) / "ceiling"

    def why_missing(self):
        if not self._source.is_file():
            return f"{self._source} is not there"
        if not shutil.which("g++"):
            return "g++ was not found"
        return None

    def version(self):
        return f"{self._source}, mode dsync"

    def prepare(self, nodes, directory):
        if self._program.exists():
            return
        compiled = subprocess.run(
            ["g++", "-O2", "-msse4.2", "-w", "-o", str(self._program),
             str(self._source)], capture_output=True, text=True, check=False)
        if compiled.returncode != 0:
            raise ServerFailed(f"{self._source} does not compile:\n"
                               + compiled.stderr[-2000:])

    def command(self, node, nodes, directory):
        return [str(self._program), str(nodes.index(node)),
                str(nodes[0].client_port), str(node.directory), "dsync"]

    def serving(self, nodes):
        # The leader listens once it is connected to both followers; these
        # take the first connection they get for the leader's.
        try:
            return resp.call(nodes[0].client_port, "SET", PROBE_KEY,
                             "value") == "OK"
        except (OSError, resp.ReplyError):
            return False

    def primary(self, nodes):
        return 0

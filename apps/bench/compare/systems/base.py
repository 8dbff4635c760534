"""What the comparison knows about a system."""

import shutil
import subprocess
from abc import ABC, abstractmethod


class System(ABC):
    """How to start three nodes of a system, and how to load them. Has no
    state of its own: what runs is a compare.cluster.Cluster."""

    # What tables and options call it.
    name: str
    # Which protocol of cohort-load it speaks.
    protocol = "resp"
    # More arguments for cohort-load, for writes.
    write_arguments = ()
    # Whether only the primary takes requests.
    only_primary_serves = False
    # Whether clients are spread over the nodes in every row.
    always_spread = False
    # Why the row "gap" makes no sense; None: it does.
    no_failover = None
    # What a reader of the table must know.
    note = ""

    @abstractmethod
    def why_missing(self):
        """Why it cannot run on this machine; None: it can."""

    @abstractmethod
    def version(self):
        """What the program says about its version."""

    @abstractmethod
    def command(self, node, nodes, directory):
        """The command that starts one node."""

    @abstractmethod
    def serving(self, nodes):
        """Whether the whole cluster answers requests."""

    @abstractmethod
    def primary(self, nodes):
        """The number of the primary; None while there is none."""

    def prepare(self, nodes, directory):
        """Writes what the nodes need before they start."""


def program_missing(program, package):
    """Why a program cannot run; None: it can."""
    if shutil.which(program):
        return None
    return f"{program} was not found: apt-get install {package}"


def first_line(*command):
    """The first line that a command prints."""
    try:
        output = subprocess.run(command, capture_output=True, text=True,
                                timeout=10, check=False).stdout
    except OSError as problem:
        return f"unknown ({problem})"
    return output.strip().splitlines()[0] if output.strip() else "unknown"

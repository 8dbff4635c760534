"""Server processes: start, watch, sample, and kill without exception."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

# Below the range that Linux hands out to outgoing connections.
FIRST_PORT = 21_000
LAST_PORT = 32_000

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def die_with_parent():
    """For `preexec_fn`: even if this program is killed with -9, the child
    goes with it."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class ServerFailed(Exception):
    """A server did not start, did not serve, or died."""


class Server:
    """One process, in a session of its own: Ctrl-C at the terminal reaches
    this program alone, which then kills the servers."""

    def __init__(self, name, command, directory):
        self.name = name
        self.output_path = Path(directory) / f"{name}.out"
        with open(self.output_path, "wb") as output:
            try:
                self._process = subprocess.Popen(
                    command, cwd=directory, stdin=subprocess.DEVNULL,
                    stdout=output, stderr=subprocess.STDOUT,
                    start_new_session=True, preexec_fn=die_with_parent)
            except OSError as problem:
                raise ServerFailed(f"{command[0]}: {problem}") from problem

    @property
    def pid(self):
        """The process, and the group that it leads."""
        return self._process.pid

    def alive(self):
        """Whether the process still runs."""
        return self._process.poll() is None

    def kill(self):
        """kill -9, for the process and all its children, and wait."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def output_tail(self, size=2000):
        """The last of what it wrote, to say why it failed."""
        return self.output_path.read_bytes()[-size:].decode(errors="replace")

    def cpu_seconds(self):
        """User and system time so far. Precondition: alive()."""
        text = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii",
                                                        errors="replace")
        return cpu_ticks(text) / TICKS_PER_SECOND

    def resident_mib(self):
        """Resident memory. Precondition: alive()."""
        text = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii",
                                                          errors="replace")
        return resident_kib(text) / 1024


def cpu_ticks(stat):
    """utime + stime of a /proc/PID/stat. The command's name is in brackets and
    may itself hold brackets and spaces."""
    fields = stat[stat.rindex(")") + 2:].split()
    return int(fields[11]) + int(fields[12])


def resident_kib(status):
    """VmRSS of a /proc/PID/status."""
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ServerFailed("a process without VmRSS")


def port_is_free(port):
    """Whether a server could listen there on loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count):
    """The first of `count` free ports in a row: bench/ceiling.cpp wants its
    ports that way."""
    first = FIRST_PORT
    while first + count <= LAST_PORT:
        taken = [port for port in range(first, first + count)
                 if not port_is_free(port)]
        if not taken:
            return first
        first = taken[-1] + 1
    raise ServerFailed(f"no {count} free ports in a row")


def wait_until(condition, seconds, what, pause_seconds=0.05):
    """Polls until the condition holds; ServerFailed if it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise ServerFailed(f"{what}: not within {seconds} s")
        time.sleep(pause_seconds)

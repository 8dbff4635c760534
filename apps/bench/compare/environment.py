"""Where a comparison ran: figures mean little without it."""

import os
import platform
import subprocess
import time
from pathlib import Path


def describe(scratch, repository):
    """Machine, system, disk and source, for the JSON."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": cpu_model(_read("/proc/cpuinfo")),
        "cores": os.cpu_count(),
        "memory_gib": round(memory_kib(_read("/proc/meminfo")) / 2**20, 1),
        "kernel": platform.release(),
        "distribution": _distribution(),
        "file_system": file_system(_read("/proc/self/mounts"),
                                   os.path.realpath(scratch)),
        # Others on the machine make figures smaller.
        "load_before": round(os.getloadavg()[0], 2),
        "commit": _commit(repository),
    }


def cpu_model(cpuinfo):
    """The name of the first processor in a /proc/cpuinfo."""
    for line in cpuinfo.splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_kib(meminfo):
    """MemTotal of a /proc/meminfo."""
    for line in meminfo.splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1])
    return 0


def file_system(mounts, path):
    """Type and device of what is mounted at or above a path, from a
    /proc/self/mounts: the longest mount point that holds it, and of equals
    the last, which hides the others."""
    best = ("", "unknown")
    for line in mounts.splitlines():
        device, point, kind = line.split()[:3]
        # The kernel writes blanks in names as octal escapes.
        point = point.replace("\\040", " ")
        holds = path == point or path.startswith(point.rstrip("/") + "/")
        if holds and len(point) >= len(best[0]):
            best = (point, f"{kind} on {device}")
    return best[1]


def _read(path):
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _distribution():
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return "unknown"


def _commit(repository):
    try:
        output = subprocess.run(["git", "-C", str(repository), "describe",
                                 "--always", "--dirty"], capture_output=True,
                                text=True, timeout=10, check=False).stdout
    except OSError:
        return "unknown"
    return output.strip() or "unknown"

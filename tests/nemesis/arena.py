"""The cluster that is tormented: its processes, the network between them, and
their disks, each with ways to harm it."""

import itertools
import json
import mmap
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import resp
from operations import NOT_DONE
from support import Cluster, free_ports, wait_until

PROXY = Path(__file__).with_name("proxy.py")
SUPPRESSIONS = Path(__file__).resolve().parents[1] / "support"

# When all faults are over, everything must serve again within this.
RECOVERY_SECONDS = 90

DISK_BYTES = 160 << 20

# What a node prints about a bug: a check of this code, or a sanitizer. No disk
# and no fault is a reason for it.
ALARM = re.compile(r"invariant broken|runtime error:|Sanitizer")
ALARMS_TOLD_MAX = 20

# Of a process that a sanitizer ended: by default it is 1, as with a bad disk.
SANITIZER_EXIT_CODE = 86


def alarms_in(text):
    """The lines of a trace that tell of a bug."""
    return [x for x in text.splitlines() if ALARM.search(x)]


class Network:
    """The proxy between the nodes. Several harms may lie on a direction at the
    same time; each is taken back by itself."""

    def __init__(self, nodes, ports, seed):
        self.directions = [(x.name, y.name) for x in nodes for y in nodes
                           if x is not y]
        self.paths = {}
        self._harms = {}
        self._process = subprocess.Popen(
            [sys.executable, "-B", str(PROXY), str(seed)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ports = iter(ports)
        for i, near in enumerate(nodes):  # the smaller name connects
            for far in nodes[i + 1:]:
                self.paths[near.name, far.name] = next(ports)
        self.ask(do="open", paths=[
            [near, far, port, next(x.peer_port for x in nodes
                                   if x.name == far)]
            for (near, far), port in self.paths.items()])

    def ask(self, **command):
        """Has the proxy do something; its answer."""
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise AssertionError("the proxy is gone")
        return json.loads(answer)

    def harm(self, directions, **fields):
        """A weather (see proxy.py) of these directions, until it is taken
        back with what this returns."""
        key = object()
        self._harms[key] = (directions, fields)
        self._tell(directions)
        return key

    def take_back(self, key):
        """One harm; the others stay."""
        directions, _ = self._harms.pop(key)
        self._tell(directions)

    def is_calm(self):
        """Whether nothing lies on it."""
        return not self._harms

    def _tell(self, directions):
        self.ask(do="weather", of=[[*x, self._weather(x)] for x in directions])

    def _weather(self, direction):
        found = {}
        for directions, fields in self._harms.values():
            if direction in directions:
                for name, value in fields.items():
                    known = found.get(name, value)
                    # A bound adds to another by being smaller.
                    found[name] = min(known, value) \
                        if name == "bytes_per_second" else max(known, value)
        return found

    def reset(self, direction):
        """Breaks the connections between two nodes."""
        self.ask(do="reset", **dict(zip(("from", "to"), direction)))

    def counts(self):
        """Of what the proxy did."""
        return self.ask(do="counts")

    def close(self):
        """The process ends."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def mount_small_disk(folder):
    """A file system of its own, where this is allowed; else why not."""
    folder.mkdir(parents=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "cohort-nemesis",
         str(folder)], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    return (done.stderr.strip() or "mount fails").splitlines()[0]


class BadDisk:
    """Makes writes and syncs of a node slow, or fail; see disk/bad_disk.cpp."""

    _LAYOUT = struct.Struct("III")

    def __init__(self, control):
        control.write_bytes(bytes(self._LAYOUT.size))
        self._control = control
        with control.open("r+b") as file:
            self._mapped = mmap.mmap(file.fileno(), self._LAYOUT.size)

    def environment(self):
        """For the node's processes."""
        known = dict(os.environ)
        known["LD_PRELOAD"] = os.environ["COHORT_BAD_DISK_LIBRARY"]
        known["COHORT_BAD_DISK"] = str(self._control)
        ends = f"exitcode={SANITIZER_EXIT_CODE}"
        # Sanitizers want to be loaded first; here they need not.
        self._extend(known, "ASAN_OPTIONS", "", "verify_asan_link_order=0",
                     ends)
        # A node that goes on after it was told of a bug hides what it does.
        self._extend(known, "UBSAN_OPTIONS",
                     f"suppressions={SUPPRESSIONS / 'ubsan.supp'}",
                     "halt_on_error=1", "print_stacktrace=1", ends)
        self._extend(known, "TSAN_OPTIONS",
                     f"suppressions={SUPPRESSIONS / 'tsan.supp'}", ends)
        return known

    @staticmethod
    def _extend(known, name, default, *more):
        """Of what is said twice the last counts: the caller's words outweigh
        the default, and the rest outweighs them."""
        known[name] = ":".join(filter(None, (default, known.get(name), *more)))

    def be(self, delay_ms=0, fails=False):
        """From now on. Forgets how often it failed."""
        self._mapped[:] = self._LAYOUT.pack(delay_ms, fails, 0)

    def failures(self):
        """Calls that failed since be()."""
        return self._LAYOUT.unpack(self._mapped[:])[2]


class Arena:
    """Nodes that find each other through the proxy only. The rules of what may
    be harmed at the same time are here."""

    def __init__(self, directory, shape, seed, say):
        count = shape["nodes"]
        self.directory = directory
        self.say = say
        disks = [directory / f"disk{i + 1}" for i in range(count)]
        refusals = [mount_small_disk(x) for x in disks]
        self.no_small_disks = next(filter(None, refusals), "")
        ports = free_ports(2 * count + count * (count - 1) // 2)
        self.cluster = Cluster(
            directory / "cluster", engine=shape["engine"],
            limits=shape["limits"], timers=shape["timers"], count=count,
            ports=ports[:2 * count], data=[x / "data" for x in disks])
        self.nodes = self.cluster.nodes
        self.network = Network(self.nodes, ports[2 * count:], seed)
        self.disks = {}
        for x in self.nodes:
            x.topology = self._own_topology(x)
            self.disks[x] = BadDisk(directory / f"{x.name}.disk")
            x.environment = self.disks[x].environment()
        self.busy = set()  # nodes in the hands of a fault
        self.dead = set()  # those of them that must not be alive
        self.leaving = set()  # who got SIGTERM in this life
        self.full = set()  # nodes whose disks are full
        self.bad = set()  # whose disks are slow or fail
        self.cramped = set()  # whose disks were full in this life
        self.unstarted = set()  # who ended for want of space
        self.suspicious = set()  # nodes that may stop by themselves
        # A node whose disk does not have all that it promised, until it is a
        # voter again; one at a time, so that a majority has all.
        self.damaged = None
        self.alone = False  # a fault that wants no other beside it

    def _own_topology(self, node):
        """Where the others are to be found behind the proxy."""
        text = self.cluster.topology.read_text(encoding="utf-8")
        for x in self.nodes:
            port = self.network.paths.get((node.name, x.name))
            if port:
                text = text.replace(f'peer = "127.0.0.1:{x.peer_port}"',
                                    f'peer = "127.0.0.1:{port}"')
        own = self.cluster.topology.with_name(f"{node.name}.toml")
        own.write_text(text, encoding="utf-8")
        return own

    # -- who may be harmed ----------------------------------------------------

    def in_some_order(self, draw):
        """All nodes; the primary is the first of them every other time."""
        nodes = draw.sample(self.nodes, len(self.nodes))
        if draw.random() < 0.5:
            nodes.sort(key=lambda x: self.role(x) != "primary")
        return nodes

    def claim(self, draw, many):
        """So many nodes that no fault holds, or less."""
        free = [x for x in self.in_some_order(draw) if x not in self.busy]
        self.busy.update(free[:many])
        return free[:many]

    def release(self, *nodes):
        """No fault holds them any more."""
        self.busy.difference_update(nodes)

    def claim_damage(self, draw):
        """A node whose disk may be harmed, or nothing."""
        if self.damaged:
            return None
        self.damaged = next(iter(self.claim(draw, 1)), None)
        return self.damaged

    def is_calm(self, but):
        """Whether nobody else is harmed."""
        return self.network.is_calm() and self.busy <= {but} \
            and not self.full

    @staticmethod
    def role(node):
        """As far as it can be known at once."""
        return resp.info(node.client_port, timeout=0.2).get("cohort_role", "")

    # -- what is done to processes and disks ----------------------------------

    def kill(self, *nodes):
        """With -9. Whoever was faster, and ended without it, had a reason; or
        AssertionError."""
        for x in nodes:
            killed = x.alive()
            if killed:
                x.kill9()
                killed = x.process.returncode == -signal.SIGKILL
            if x.process and not killed and x not in self.dead:
                self._accept_end(x)
            self.dead.add(x)
            self.unstarted.discard(x)  # whoever kills starts

    def start(self, *nodes):
        """A new life."""
        for x in nodes:
            x.start()
            self.dead.discard(x)
            self.leaving.discard(x)
            self.unstarted.discard(x)
            if x not in self.full:
                self.cramped.discard(x)

    @staticmethod
    def signal(number, *nodes):
        """SIGSTOP or SIGCONT; for SIGTERM see terminate()."""
        for x in nodes:
            if x.alive():
                x.process.send_signal(number)

    def terminate(self, node):
        """SIGTERM: from now on it may end, with 0."""
        self.leaving.add(node)
        self.signal(signal.SIGTERM, node)

    def fill_disk(self, node):
        """Leaves no room. It is filled up again when called again."""
        folder = node.data.parent
        self.full.add(node)
        self.cramped.add(node)
        with open(folder / f"ballast{time.monotonic_ns()}", "wb") as file:
            found = os.statvfs(folder)
            if found.f_bavail:
                try:
                    os.posix_fallocate(file.fileno(), 0,
                                       found.f_bavail * found.f_frsize)
                except OSError:
                    pass  # someone else was faster

    def empty_disk(self, node):
        """There is room again."""
        for x in node.data.parent.glob("ballast*"):
            x.unlink()
        self.full.discard(node)

    def admit_anew(self, node):
        """What an operator does with a disk that cannot be trusted: the node
        begins with an empty one. Precondition: its process is gone."""
        if node.data.exists():
            node.wipe()
        self.suspicious.discard(node)
        self.start(node)
        self.release(node)

    def mend(self):
        """All faults were closed; what they could not take back is the damage
        of a disk."""
        if self.damaged:
            self.kill(self.damaged)
            self.admit_anew(self.damaged)
            self.damaged = None

    def check_processes(self):
        """Nobody stops without a reason."""
        for x in self.nodes:
            if x.process and not x.alive() and x not in self.dead:
                self._accept_end(x)
        for x in list(self.unstarted):
            if x not in self.full and x not in self.busy:
                self.start(x)

    def _accept_end(self, node):
        """Of a process that ended by itself: AssertionError if it may not."""
        trace = node.trace()
        told = alarms_in(trace) or trace.splitlines()[-1:] or [""]
        why = f"{node.name} ended with {node.process.returncode}" \
            f"{' on SIGTERM' if node in self.leaving else ''}: {told[0]}"
        if not self.may_end(node):
            raise AssertionError(why)
        self.say(why)
        self.dead.add(node)
        if node not in self.suspicious | self.leaving:
            self.unstarted.add(node)

    def may_end(self, node):
        """When it was told to; with a damaged disk; or when it starts on a full
        one, since an engine has to write before it can be read. RocksDB, as
        some build it, ends the process where it says no elsewhere. Never with
        an alarm: a broken invariant and a bad disk have the same exit code."""
        code = node.process.returncode
        lines = node.trace().splitlines() or [""]
        if any(map(ALARM.search, lines)):
            return False
        if code == 0:
            return node in self.leaving
        if code != 1 and not (code == -signal.SIGABRT
                              and "rocksdb" in lines[-1]):
            return False
        starts = not any("set kv:" in x for x in lines)
        return node in self.suspicious or (node in self.cramped and starts)

    def alarms(self):
        """What all lives of all nodes said of bugs."""
        for x in self.nodes:
            if x.trace_path.exists():
                for line in alarms_in(x.trace_path.read_text(
                        errors="replace")):
                    yield f"{x.name} said: {line}"

    def check_traces(self):
        """Sanitizers may print and go on, and who is killed has no exit code:
        so what was said counts."""
        for line in self.alarms():
            raise AssertionError(line)

    # -- when it is over ------------------------------------------------------

    def await_recovery(self):
        """Until all serve, all are voters, and have applied what is committed
        then. Nobody harms anybody any more. All of it has one bound."""
        begin = time.monotonic()
        deadline = begin + RECOVERY_SECONDS
        for x in self.nodes:
            self._await(lambda x=x: self._serves(x), f"{x.name} serves",
                        deadline)
        for x in self.nodes:
            self._await(lambda x=x: self.is_settled(x),
                        f"{x.name} is a voter of all sets", deadline)
        index, = self._await(self._committed, "there is one primary", deadline)
        for x in self.nodes:
            self._await(lambda x=x: self._has_applied(x, index),
                        f"{x.name} has applied {index}", deadline)
        self.say(f"all serve after {time.monotonic() - begin:.1f} s")

    def _await(self, condition, what, deadline=None):
        """What it returned. What comes after the deadline does not count; by
        default it is that of a recovery that begins now."""
        if deadline is None:
            deadline = time.monotonic() + RECOVERY_SECONDS

        def looks_well():
            self.check_processes()
            found = condition()
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"not within {RECOVERY_SECONDS} s: {what}")
            return found

        return wait_until(looks_well, what, RECOVERY_SECONDS)

    def _committed(self):
        """The index, as the only primary says; empty while there is none, or
        more than one says so."""
        known = [resp.info(x.client_port, timeout=2) for x in self.nodes]
        found = [int(x["cohort_commit_index"]) for x in known
                 if x.get("cohort_role") == "primary"]
        return found if len(found) == 1 else []

    @staticmethod
    def _has_applied(node, index):
        known = resp.info(node.client_port, timeout=2)
        return known.get("cohort_role") in ("backup", "primary") \
            and int(known["cohort_applied_index"]) >= index

    def ask(self, node, *words):
        """The reply to what can be asked twice: while the set has no primary,
        it is."""
        reply = []

        def answered():
            try:
                reply.append(resp.call(node.client_port, *words, timeout=10))
            except resp.Refusal as refusal:
                if refusal.code not in NOT_DONE | {"UNKNOWN"}:
                    raise
            return reply

        self._await(answered, f"{node.name} answers {words[0]}")
        return reply[0]

    @staticmethod
    def _serves(node):
        try:
            return resp.call(node.client_port, "SET", "service", node.name,
                             timeout=10) == "OK"
        except (OSError, resp.Refusal):
            return False

    @staticmethod
    def is_settled(node):
        """Whether it is a voter of both sets, and the change that made it one
        is committed: of the meta set as its primary says, of the other since a
        write is acknowledged afterwards."""
        try:
            text = resp.call(node.client_port, "COHORT.STATUS",
                             timeout=2).decode()
        except (OSError, resp.Refusal):
            return False
        sets = text.split("\nset ")[1:]
        rows = [line.split() for part in sets for line in part.splitlines()]
        own = [x[1] for x in rows if x[:1] == [node.name]]
        meta = [x.split() for x in sets[0].splitlines()
                if x.split()[1:2] == ["primary"]] if sets else []
        return len(sets) == 2 and len(own) == 2 \
            and all(x in ("backup", "primary") for x in own) \
            and "members are changing" not in text \
            and len(meta) == 1 and len(set(meta[0][3:6])) == 1 \
            and Arena._serves(node)

    def lead_in_turn(self, check):
        """Makes each node the primary, and calls check(node): what a primary
        answers is what itself has applied."""
        for x in self.nodes:
            self._make_primary(x)
            check(x)

    def _make_primary(self, node):
        """Some sleep while a write is made, so that they are behind; then they
        are the only ones who can elect the node."""
        others = [x for x in self.nodes if x is not node]
        behind = others[:(len(self.nodes) - 1) // 2]
        self.kill(*behind)
        self._await(lambda: self._serves(node), f"{node.name} serves")
        self.kill(*(x for x in others if x not in behind))
        self.start(*behind)
        self._await(lambda: self.role(node) == "primary",
                    f"{node.name} leads")
        self._await(lambda: self._serves(node), f"{node.name} serves")
        self.start(*(x for x in others if x not in behind))
        self.await_recovery()

    def restart_all(self):
        """Everybody crashes at the same time."""
        self.kill(*self.nodes)
        self.start(*self.nodes)
        self.await_recovery()

    def elections(self):
        """Of the set that clients use, so far."""
        return sum(x.trace_path.read_text(errors="replace").count(
            "set kv: primary of term") for x in self.nodes)

    def describe(self):
        """How everybody is, for people."""
        for x in self.nodes:
            state = "is alive" if x.alive() else "is not alive"
            known = resp.info(x.client_port, timeout=2) if x.alive() else {}
            yield f"{x.name} {state}: " + (" ".join(
                f"{name[7:]}={known[name]}" for name in known
                if name.startswith("cohort_")) or "no answer")
        yield from itertools.islice(self.alarms(), ALARMS_TOLD_MAX)
        yield f"network: {self.network.counts()}"

    def close(self):
        """Ends all processes, and keeps nothing on small disks."""
        self.signal(signal.SIGCONT, *self.nodes)
        self.cluster.kill9_all()
        self.network.close()

    def keep_disks(self, folder):
        """Copies what would be gone with the mounts."""
        for x in self.nodes:
            self.empty_disk(x)
            if x.data.exists():
                shutil.copytree(x.data, folder / x.name, dirs_exist_ok=True)


class Settling(threading.Thread):
    """Waits until a node is a voter again; status takes its time."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self._node = node
        self._cancelled = threading.Event()
        self.done = False

    def run(self):
        """Until it is, or nobody wants to know any more."""
        while not self.done and not self._cancelled.wait(0.2):
            self.done = Arena.is_settled(self._node)

    def cancel(self):
        """Returns at once."""
        self._cancelled.set()

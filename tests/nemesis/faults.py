"""What can go wrong. Each fault is a generator: it draws whom it harms and for
how long, does it, and yields a number of seconds to wait, or a condition to
wait for. It may be closed at any time, and then takes back what it did; only of
a disk that was damaged, see Arena.mend()."""

import shutil
import signal
import time

from arena import Settling

# How long a node that has to stop by itself may take.
STOPPING_SECONDS = 30


def names(nodes):
    """For people."""
    return " ".join(x.name for x in nodes) or "nobody"


def gone(node, why):
    """A condition: its process has ended. It fails if that takes too long."""
    deadline = time.monotonic() + STOPPING_SECONDS

    def ended():
        if node.alive() and time.monotonic() > deadline:
            raise AssertionError(f"{node.name} goes on: {why}")
        return not node.alive()

    return ended


def draw_seconds(draw, most):
    """Short ones are the more frequent ones."""
    return draw.uniform(0.05, draw.uniform(0.1, most))


# -- processes ----------------------------------------------------------------

def kill(arena, draw):
    """kill -9 of one, some or all."""
    victims = arena.claim(draw, draw.choice((1, 1, 1, 2, len(arena.nodes))))
    seconds = draw_seconds(draw, 4)
    arena.say(f"kill -9 {names(victims)} for {seconds:.2f} s")
    arena.kill(*victims)
    try:
        yield seconds
    finally:
        arena.start(*victims)
        arena.release(*victims)


def pause(arena, draw):
    """SIGSTOP of one, some or all."""
    victims = arena.claim(draw, draw.choice((1, 1, 1, 2, len(arena.nodes))))
    seconds = draw_seconds(draw, 4)
    arena.say(f"SIGSTOP {names(victims)} for {seconds:.2f} s")
    arena.signal(signal.SIGSTOP, *victims)
    try:
        yield seconds
    finally:
        arena.signal(signal.SIGCONT, *victims)
        arena.release(*victims)


def stop(arena, draw):
    """SIGTERM: hands over, and goes."""
    for x in arena.claim(draw, 1):
        try:
            # One that has only begun to start does not listen to signals yet.
            yield lambda x=x: "listens for peers" in x.trace() \
                or not x.alive()
            if not x.alive():
                return
            arena.say(f"SIGTERM {x.name}")
            arena.terminate(x)
            yield gone(x, "it got SIGTERM")
            yield draw_seconds(draw, 2)
        finally:
            arena.kill(x)  # looks at how it ended
            arena.start(x)
            arena.release(x)


# -- the network --------------------------------------------------------------

def weather(arena, directions, seconds, **fields):
    """Lies on these directions for a while."""
    directions = sorted(directions)
    arena.say(" ".join(f"{name}={value}" for name, value in fields.items())
              + f" for {seconds:.2f} s: "
              + " ".join(f"{x}->{y}" for x, y in directions))
    harm = arena.network.harm(directions, **fields)
    try:
        yield seconds
    finally:
        arena.network.take_back(harm)


def some_directions(arena, draw):
    """One, all from or to a node, or any."""
    everything = arena.network.directions
    node = arena.in_some_order(draw)[0].name
    return draw.choice((
        [draw.choice(everything)],
        [x for x in everything if x[0] == node],
        [x for x in everything if x[1] == node],
        draw.sample(everything, draw.randint(1, len(everything)))))


def partition(arena, draw):
    """Two groups that cannot reach each other. Sometimes their connections do
    not survive it."""
    known = [x.name for x in arena.in_some_order(draw)]
    group = set(known[:draw.choice((1, 1, len(known) // 2))])
    cut = [x for x in arena.network.directions
           if (x[0] in group) != (x[1] in group)]
    yield from weather(arena, cut, draw_seconds(draw, 5), cut=True)
    if draw.random() < 0.5:
        for x in cut:
            arena.network.reset(x)


def one_way(arena, draw):
    """Some bytes do not arrive, while answers would."""
    yield from weather(arena, some_directions(arena, draw),
                       draw_seconds(draw, 5), cut=True)


def delay(arena, draw):
    """Some paths are long."""
    yield from weather(arena, some_directions(arena, draw),
                       draw_seconds(draw, 6), delay_ms=draw.randint(1, 150),
                       jitter_ms=draw.randint(0, 200))


def throttle(arena, draw):
    """Some paths are narrow."""
    yield from weather(arena, some_directions(arena, draw),
                       draw_seconds(draw, 6),
                       bytes_per_second=draw.choice(
                           (2_000, 20_000, 100_000, 500_000)))


def corrupt(arena, draw):
    """Bits flip on the wire."""
    yield from weather(arena, some_directions(arena, draw),
                       draw_seconds(draw, 4),
                       damaged=draw.choice((0.01, 0.05, 0.3)))


def loss(arena, draw):
    """Connections break, again and again."""
    times = draw.randint(1, 12)
    arena.say(f"breaks {times} times between two nodes")
    for _ in range(times):
        arena.network.reset(draw.choice(arena.network.directions))
        yield draw.uniform(0, 0.4)


# -- disks --------------------------------------------------------------------

def full_disk(arena, draw):
    """No room for one, some or all."""
    victims = [x for x in draw.sample(arena.nodes,
                                      draw.choice((1, 1, 2, len(arena.nodes))))
               if x not in arena.full]
    steps = draw.randint(1, 10)
    arena.say(f"no room for {names(victims)} for {steps * 0.4:.2f} s")
    try:
        for _ in range(steps):
            for x in victims:
                arena.fill_disk(x)
            yield 0.4
    finally:
        for x in victims:
            arena.empty_disk(x)


def slow_disk(arena, draw):
    """Writes and syncs take long, for one, some or all."""
    victims = draw.sample(arena.nodes, draw.choice((1, 1, 2,
                                                    len(arena.nodes))))
    victims = [x for x in victims if x not in arena.bad]
    delay_ms = draw.choice((1, 5, 20, 100, 500))
    seconds = draw_seconds(draw, 5)
    arena.say(f"writes of {names(victims)} take {delay_ms} ms for "
              f"{seconds:.2f} s")
    arena.bad.update(victims)
    for x in victims:
        arena.disks[x].be(delay_ms=delay_ms)
    try:
        yield seconds
    finally:
        for x in victims:
            arena.disks[x].be()
        arena.bad.difference_update(victims)


def failing_disk(arena, draw):
    """Writes and syncs fail. A node that was told so stops, and never tries
    again (D6); what it promised is there when it comes back."""
    for x in arena.claim(draw, 1):
        if x in arena.bad:
            arena.release(x)
            return
        arena.say(f"writes of {x.name} fail")
        arena.bad.add(x)
        arena.suspicious.add(x)
        disk = arena.disks[x]
        disk.be(fails=True)
        try:
            yield draw_seconds(draw, 3)
            if disk.failures() > 0:
                yield gone(x, "its disk failed")
            yield draw_seconds(draw, 2)
        finally:
            disk.be()
            arena.kill(x)
            arena.bad.discard(x)
            arena.suspicious.discard(x)
            arena.start(x)
            arena.release(x)


def join_anew(arena, node):
    """From an empty disk, until it is a voter again. Others may harm it
    meanwhile. Precondition: it is claimed, and its process is gone."""
    arena.admit_anew(node)
    settling = Settling(node)
    settling.start()
    try:
        yield lambda: settling.done
        arena.damaged = None
    finally:
        settling.cancel()


def wipe(arena, draw):
    """A disk is lost."""
    node = arena.claim_damage(draw)
    if node:
        arena.say(f"wipe {node.name}")
        arena.kill(node)
        yield draw_seconds(draw, 2)
        yield from join_anew(arena, node)


def flip(arena, draw):
    """Bits of a disk flip, while its node is down. Whatever it does then, it
    must not do harm; at the end its operator admits it anew."""
    node = arena.claim_damage(draw)
    if node:
        arena.kill(node)
        arena.say(f"flip {', '.join(flip_bits(node.data, draw))} of "
                  f"{node.name}")
        arena.suspicious.add(node)
        arena.start(node)
        yield draw_seconds(draw, 6)
        arena.kill(node)
        yield from join_anew(arena, node)


def flip_bits(data, draw):
    """Of some files, in parts that were written; where. The log and snapshots
    more often than the rest, of which an engine has the most."""
    files = {}
    for path in sorted(data.rglob("*")):
        if path.is_file() and used_bytes(path) > 0:
            part = path.relative_to(data).parts[0]
            files.setdefault(part, []).append(path)
    flipped = []
    for _ in range(draw.randint(1, 3)):
        part = draw.choice([x for x in files for _ in range(
            3 if x in ("log", "snapshots") else 1)])
        path = draw.choice(files[part])
        at = draw.randrange(used_bytes(path))
        with path.open("r+b") as file:
            file.seek(at)
            old = file.read(1)[0]
            file.seek(at)
            file.write(bytes([old ^ 1 << draw.randrange(8)]))
        flipped.append(f"byte {at} of {path.relative_to(data)}")
    return flipped


def used_bytes(path):
    """Up to the last byte that is not zero."""
    return len(path.read_bytes().rstrip(b"\0"))


def roll_back(arena, draw):
    """A disk is put back to an older image. The others know better, and turn
    the node away: so they must be there, and nothing else may happen."""
    node = arena.claim_damage(draw)
    if not node:
        return
    copy = arena.directory / "older"
    arena.kill(node)
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(node.data, copy)
    arena.start(node)
    settling = Settling(node)
    settling.start()
    try:
        yield lambda: settling.done
        arena.alone = True
        yield lambda: arena.is_calm(node)
        arena.kill(node)
        arena.say(f"put {node.name} back to an older disk")
        node.wipe()
        shutil.copytree(copy, node.data)
        arena.suspicious.add(node)
        arena.start(node)
        yield gone(node, "its disk was put back")
    finally:
        settling.cancel()
        arena.alone = False
    arena.kill(node)
    yield from join_anew(arena, node)


# What ./dev nemesis and its report call them.
FAULTS = {
    "kill": kill,
    "pause": pause,
    "stop": stop,
    "partition": partition,
    "one-way": one_way,
    "delay": delay,
    "throttle": throttle,
    "corruption": corrupt,
    "loss": loss,
    "slow-disk": slow_disk,
    "failing-disk": failing_disk,
    "full-disk": full_disk,
    "wipe": wipe,
    "flip": flip,
    "roll-back": roll_back,
}

"""Many faults at once, drawn from a seed."""

import contextlib
import random
import threading
import time

from faults import FAULTS

# How often a kind is drawn, compared to others; each storm draws its own, so
# that some have much of one kind and nothing of another.
WEIGHTS = (0, 1, 1, 2, 4)

# Of one storm, if so many are allowed.
KINDS_MIN = 4

# Damaged disks take long, and only one at a time is harmed.
RARE = {"failing-disk", "wipe", "flip", "roll-back", "stop"}

AT_ONCE = (2, 5)
PAUSE_SECONDS = (0.05, 1.2)
POLL_SECONDS = 0.01


class Storm:
    """One for each history."""

    def __init__(self, arena, seed, kinds):
        self._arena = arena
        self._draw = random.Random(f"storm {seed}")
        self._seed = seed
        self._number = 0
        self._going_on = []  # [generator, seconds or condition]
        self.kinds = []  # of those that took place
        self._weights = self._draw_weights(kinds)
        self._at_once_max = self._draw.randint(*AT_ONCE)

    def _draw_weights(self, kinds):
        while True:
            found = {kind: self._draw.choice(WEIGHTS) * (1 if kind in RARE
                                                         else 2)
                     for kind in FAULTS}
            found = {kind: x for kind, x in found.items()
                     if kind in kinds and x}
            if len(found) >= min(KINDS_MIN, len(kinds)):
                return found

    def blow(self, seconds, check):
        """For so long; then everything is taken back. check() may raise."""
        end = time.monotonic() + seconds
        next_begin = time.monotonic()
        pause = threading.Event()
        try:
            while time.monotonic() < end:
                check()
                self._arena.check_processes()
                if time.monotonic() >= next_begin and not self._arena.alone:
                    next_begin += self._draw.uniform(*PAUSE_SECONDS)
                    if len(self._going_on) < self._at_once_max:
                        self._begin()
                self._go_on()
                pause.wait(POLL_SECONDS)
        finally:
            self._take_back()

    def _take_back(self):
        """All faults, also if one of them finds that something is wrong."""
        with contextlib.ExitStack() as closing:
            while self._going_on:
                fault, _ = self._going_on.pop()
                closing.callback(fault.close)

    def _begin(self):
        self._number += 1
        # Each fault has numbers of its own: what it draws does not depend on
        # how long others took.
        draw = random.Random(f"fault {self._seed} {self._number}")
        kind, = draw.choices(list(self._weights),
                             list(self._weights.values()))
        fault = FAULTS[kind](self._arena, draw)
        if self._resume(fault):
            self.kinds.append(kind)

    def _resume(self, fault):
        """Whether it waits for something now."""
        try:
            until = next(fault)
        except StopIteration:
            return False
        if not callable(until):
            deadline = time.monotonic() + until
            self._going_on.append(
                (fault, lambda: time.monotonic() >= deadline))
        else:
            self._going_on.append((fault, until))
        return True

    def _go_on(self):
        waiting, self._going_on = self._going_on, []
        for i, (fault, is_due) in enumerate(waiting):
            try:
                if is_due():
                    self._resume(fault)
                else:
                    self._going_on.append((fault, is_due))
            except BaseException:
                self._going_on += waiting[i:]
                raise

"""What clients do with keys, and how it reads in a history.

An *item* is one key, or two that belong together; its kind decides what is done
with it. Whatever is in doubt about it stays in doubt forever, so an item is
used for so long only: see Items."""

import resp

# Certainly without effect (K2).
NOT_DONE = {"CLUSTERDOWN", "LOADING", "TRYAGAIN", "BUSY", "DISKFULL"}

# How a history calls what became of an operation.
COMPLETED, REFUSED, UNKNOWN, FAILED = \
    "completed", "refused", "unknown", "failed"

# What the judge can do with: open operations on a key, or on all keys that are
# used together (open_max in judge/main.cpp).
OPEN_MAX = 8

# In doubt; then the item's time is over, while others may still use it.
UNKNOWN_MAX = 3

PADDING_BYTES_MAX = 1500

KINDS = {"register": 1, "counter": 1, "pair": 2, "accounts": 2}


class Item:
    """Keys that are used together, at most two."""

    def __init__(self, kind, keys):
        self.kind = kind
        self.keys = keys
        self.open = 0  # on their way, or without an answer forever
        self.unknown = 0

    def has_room(self):
        """Whether one more can be begun. At the end all keys are read at the
        same time, while what is in doubt is still open; the judge counts that
        for the item as a whole. So one is kept for each of its keys."""
        return self.open < OPEN_MAX - len(self.keys)


class Items:
    """The items in use, some of each kind, and all keys that ever were."""

    def __init__(self, first_key, many):
        self.next_key = first_key
        self.keys = []
        self._in_use = [self._make(kind) for kind in KINDS
                        for _ in range(many)]

    def _make(self, kind):
        keys = range(self.next_key, self.next_key + KINDS[kind])
        self.next_key += len(keys)
        self.keys.extend(keys)
        return Item(kind, tuple(keys))

    def draw(self, draw, many):
        """Different ones with room, at most so many."""
        found = [x for x in draw.sample(self._in_use, len(self._in_use))
                 if x.has_room()]
        return found[:many]

    def end(self, item, outcome):
        """An operation is over, in one way or the other."""
        if outcome != UNKNOWN:
            item.open -= 1
            return
        item.unknown += 1
        if item.unknown >= UNKNOWN_MAX and item in self._in_use:
            self._in_use[self._in_use.index(item)] = self._make(item.kind)


def name_of(key):
    """As the server knows it."""
    return f"k{key}"


def value_in(reply):
    """The number that a value begins with; 0: there is no key."""
    return 0 if reply is None else int(reply.split(b":", 1)[0])


class Operation:
    """Commands that are sent at once and take effect together.

    `accesses` are those of a history, [what, key, argument] with None where
    there is no argument. `results_in(replies)` are the numbers that the reads
    and additions gave; None: a condition did not hold."""

    def __init__(self, item, commands, accesses, results_in):
        self.item = item
        self.commands = commands
        self.accesses = accesses
        self.results = None
        self.watches = False
        self._results_in = results_in

    def changes(self):
        """Whether it matters what became of it without an answer."""
        return any(what in ("write", "add") for what, *_ in self.accesses)

    def outcome(self, replies):
        """What became of it, when all commands were answered."""
        refusals = [x for x in replies if isinstance(x, resp.Refusal)]
        if refusals and (refusals[-1] is replies[-1] or self.watches):
            codes = {x.code for x in refusals}
            if refusals[-1].code == "UNKNOWN":
                return UNKNOWN
            if codes <= NOT_DONE | {"EXECABORT"} and codes & NOT_DONE:
                return FAILED
            raise AssertionError(f"{self.commands}: {replies}")
        self.results = self._results_in(replies)
        if self.results is not None:
            return COMPLETED
        # A watched key was changed since it was watched; that was before, so
        # it says nothing of the moment of EXEC.
        return FAILED if self.commands[-1] == ("EXEC",) else REFUSED

    def text(self):
        """Its accesses, as a history has them."""
        results = iter(self.results or ())
        words = []
        for what, key, argument in self.accesses:
            words += [what, str(key)]
            if argument is not None:
                words.append(str(argument))
            if what in ("read", "add"):
                words.append(str(next(results, "-")))
        return " ".join(words)


def expect_reply(replies, *wanted):
    """The server's word is what it must be."""
    if replies != list(wanted):
        raise AssertionError(f"{replies}, but it must be {list(wanted)}")


def exec_replies(replies):
    """What EXEC said, command by command; None: it was not carried out."""
    expect_reply(replies[:-1], "OK", *["QUEUED"] * (len(replies) - 2))
    return replies[-1]


class Writer:
    """Draws operations; each value that it writes is new."""

    def __init__(self, draw):
        self._draw = draw
        self._last_value = 0

    def operation(self, item):
        """Some operation on this item."""
        return self._draw.choice(OPERATIONS[item.kind])(self, item)

    def value(self):
        """A number, and the text with it."""
        self._last_value += 1
        padding = self._draw.choice((0, 0, PADDING_BYTES_MAX))
        return (self._last_value,
                f"{self._last_value}:" + "x" * self._draw.randint(0, padding))

    def amount(self):
        """What is added to counters."""
        return self._draw.choice((-3, -1, 1, 2, 5))

    # -- one key --------------------------------------------------------------

    def get(self, item):
        """Of a key, if there are two one of them."""
        key = self._draw.choice(item.keys)
        return Operation(item, [("GET", name_of(key))], [["read", key, None]],
                         lambda x: [value_in(x[0])])

    def set(self, item):
        """The same."""
        key = self._draw.choice(item.keys)
        number, text = self.value()

        def results(replies):
            expect_reply(replies, "OK")
            return []

        return Operation(item, [("SET", name_of(key), text)],
                         [["write", key, number]], results)

    def set_and_get(self, item):
        """The old value is the reply."""
        key, = item.keys
        number, text = self.value()
        command = self._draw.choice((("GETSET", name_of(key), text),
                                     ("SET", name_of(key), text, "GET")))
        return Operation(item, [command],
                         [["read", key, None], ["write", key, number]],
                         lambda x: [value_in(x[0])])

    def set_if_absent(self, item):
        """Refused if there is a value."""
        key, = item.keys
        number, text = self.value()

        def results(replies):
            if replies[0] is not None:
                expect_reply(replies, "OK")
                return []
            return None

        return Operation(item, [("SET", name_of(key), text, "NX")],
                         [["expect", key, 0], ["write", key, number]], results)

    def take(self, item):
        """The value is the reply, and is gone."""
        key, = item.keys
        return Operation(item, [("GETDEL", name_of(key))],
                         [["read", key, None], ["write", key, 0]],
                         lambda x: [value_in(x[0])])

    def swap(self, item):
        """A transaction on one key."""
        key, = item.keys
        number, text = self.value()

        def results(replies):
            words = exec_replies(replies)
            if words is None:  # something else was still watched
                return None
            expect_reply(words[1:], "OK")
            return [value_in(words[0])]

        return Operation(
            item, [("MULTI",), ("GET", name_of(key)),
                   ("SET", name_of(key), text), ("EXEC",)],
            [["read", key, None], ["write", key, number]], results)

    def watch(self, item):
        """The first half of a compare-and-set; see compare_and_set(). A key
        that is absent when it is watched and at EXEC passes for unchanged,
        whatever was in between (K5); so the value must have been the same
        before it was watched: no value is written twice."""
        key, = item.keys

        def results(replies):
            expect_reply(replies[1:2], "OK")
            before, _, behind = replies
            made.watches = before == behind
            return [value_in(behind)]

        made = Operation(item, [("GET", name_of(key)), ("WATCH", name_of(key)),
                                ("GET", name_of(key))],
                         [["read", key, None]], results)
        made.watches = True
        return made

    def compare_and_set(self, watched):
        """The second half: if nobody else was faster."""
        key, = watched.item.keys
        seen, = watched.results
        number, text = self.value()

        def results(replies):
            words = exec_replies(replies)
            if words is None:
                return None
            expect_reply(words, "OK")
            return []

        return Operation(
            watched.item,
            [("MULTI",), ("SET", name_of(key), text), ("EXEC",)],
            [["expect", key, seen], ["write", key, number]], results)

    def add(self, item):
        """To a counter."""
        key = self._draw.choice(item.keys)
        amount = self.amount()
        return Operation(item, [("INCRBY", name_of(key), amount)],
                         [["add", key, amount]], list)

    # -- two keys -------------------------------------------------------------

    def get_both(self, item):
        """At one moment."""
        return Operation(item, [("MGET", *map(name_of, item.keys))],
                         [["read", x, None] for x in item.keys],
                         lambda x: [value_in(y) for y in x[0]])

    def set_both(self, item):
        """At one moment; with MSETNX only if there is neither."""
        values = [self.value() for _ in item.keys]
        command = self._draw.choice(("MSET", "MSET", "MSETNX"))
        words = [y for key, value in zip(item.keys, values)
                 for y in (name_of(key), value[1])]

        def results(replies):
            if command == "MSETNX" and replies == [0]:
                return None
            expect_reply(replies, 1 if command == "MSETNX" else "OK")
            return []

        conditions = [["expect", x, 0] for x in item.keys]
        return Operation(
            item, [(command, *words)],
            (conditions if command == "MSETNX" else [])
            + [["write", key, value[0]]
               for key, value in zip(item.keys, values)], results)

    def transfer(self, item):
        """Between two counters; their sum stays."""
        amount = self.amount()
        amounts = list(zip(item.keys, (-amount, amount)))
        return Operation(
            item, [("MULTI",), *(("INCRBY", name_of(key), n)
                                 for key, n in amounts), ("EXEC",)],
            [["add", key, n] for key, n in amounts], exec_replies)


OPERATIONS = {
    "register": (Writer.get, Writer.get, Writer.set, Writer.set_and_get,
                 Writer.set_if_absent, Writer.take, Writer.swap, Writer.watch,
                 Writer.watch),
    "counter": (Writer.get, Writer.add, Writer.add),
    "pair": (Writer.get, Writer.set, Writer.get_both, Writer.set_both),
    "accounts": (Writer.get, Writer.add, Writer.get_both, Writer.transfer,
                 Writer.transfer),
}

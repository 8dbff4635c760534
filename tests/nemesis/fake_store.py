"""The commands that the clients use, on a dictionary: one after the other, so
whatever comes of it can be explained."""


class FakeStore:
    """One server; its connections are numbers."""

    def __init__(self):
        self._values = {}
        self._changes = {}  # by key, how many
        self._watched = {}  # by connection

    def serve(self, connection, commands):
        """The replies to all commands of an operation."""
        if commands[1:2] and commands[1][0] == "WATCH":
            key = commands[1][1]
            self._watched[connection] = {key: self._changes.get(key, 0)}
            return [self._one(*commands[0]), "OK", self._one(*commands[2])]
        if commands[0] != ("MULTI",):
            return [self._one(*x) for x in commands]
        queued = commands[1:-1]
        watched = self._watched.pop(connection, {})
        if any(self._changes.get(key, 0) != n for key, n in watched.items()):
            return ["OK"] + ["QUEUED"] * len(queued) + [None]
        return ["OK"] + ["QUEUED"] * len(queued) \
            + [[self._one(*x) for x in queued]]

    def _one(self, name, *words):
        return getattr(self, f"_{name.lower()}")(*words)

    def _put(self, key, value):
        self._values[key] = str(value).encode()
        self._changes[key] = self._changes.get(key, 0) + 1

    def _get(self, key):
        return self._values.get(key)

    def _mget(self, *keys):
        return [self._get(x) for x in keys]

    def _set(self, key, value, option=""):
        old = self._get(key)
        if option == "NX" and old is not None:
            return None
        self._put(key, value)
        return old if option == "GET" else "OK"

    def _getset(self, key, value):
        return self._set(key, value, "GET")

    def _getdel(self, key):
        if key in self._values:
            self._changes[key] = self._changes.get(key, 0) + 1
        return self._values.pop(key, None)

    def _mset(self, *words):
        for key, value in zip(words[::2], words[1::2]):
            self._put(key, value)
        return "OK"

    def _msetnx(self, *words):
        if any(x in self._values for x in words[::2]):
            return 0
        self._mset(*words)
        return 1

    def _incrby(self, key, amount):
        value = int(self._values.get(key, b"0")) + amount
        self._put(key, value)
        return value

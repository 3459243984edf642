"""What every flow uses: the ready file of the server, checks that are counted, bounded waiting."""

import json
import time
from pathlib import Path

REGISTRY = {}


def flow(function):
    """Marks a function as a flow; its name is the function's."""
    REGISTRY[function.__name__] = function
    return function


class Checks:
    """Counts checks and remembers those that failed."""

    def __init__(self):
        self.made = 0
        self.failed = []

    def that(self, what, holds, seen=""):
        self.made += 1
        if not holds:
            self.failed.append(f"{what} (seen: {seen!r})")
        return bool(holds)


class Server:
    """The server as its ready file describes it."""

    def __init__(self, ready_file):
        facts = json.loads(Path(ready_file).read_text())
        self.account = facts["account"]
        self.portal, self.people, self.data = facts["portal"], facts["people"], facts["data"]
        self.sockets = {socket["name"]: (socket["host"], socket["port"]) for socket in facts["sockets"]}

    def address(self, name):
        return self.sockets[name]


def wait_until(condition, seconds, pause):
    """Calls `pause(0.02)` until the condition holds; False after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        pause(0.02)
    return bool(condition())

"""What every flow uses: the ready file of the server, checks that are counted, bounded waiting."""

import functools
import json
import os
import subprocess
import time
from pathlib import Path

REGISTRY = {}
HERE = Path(__file__).parent


def flow(function):
    """Marks a function as a flow; its name is the function's."""
    REGISTRY[function.__name__] = function
    return function


class Product:
    """A row of products.json: what a program asks for, and what it does with what it finds."""

    def __init__(self, row):
        self.name, self.wanted, self.quantity, self.far, self.show, self.nautilus = (row[key] for key in ("name", "contract", "quantity", "far", "show", "nautilus"))
        # A fund has one price a day, and orders wait for it.
        self.is_quoted = self.name != "fund"
        # A forecast is never sold: who holds yes buys no.
        self.is_paired = self.name == "forecast"

    def pick(self, found):
        """One in the middle: strikes near the money, a month that is not in its last days."""
        return found[len(found) // 2]

    def opposite(self, contract):
        """The other outcome of a forecast."""
        return self.wanted | {"lastTradeDateOrContractMonth": contract.lastTradeDateOrContractMonth, "strike": contract.strike, "right": "P"}


PRODUCTS = [Product(row) for row in json.loads((HERE / "products.json").read_text())]


FUND = next(product for product in PRODUCTS if not product.is_quoted)


def each_product(function):
    """Marks a flow that is made once for each product: `bond_is_traded`, ..."""
    for product in PRODUCTS:
        one = functools.partial(function, product)
        one.__module__ = function.__module__
        REGISTRY[f"{product.name}_{function.__name__}"] = one
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
    """The server as its ready file describes it, and as its own command line does."""

    def __init__(self, ready_file, program):
        self.ready_file, self.program = str(ready_file), str(program)
        facts = json.loads(Path(ready_file).read_text())
        self.account = facts["account"]
        self.portal, self.people, self.data = facts["portal"], facts["people"], facts["data"]
        self.sockets = {socket["name"]: (socket["host"], socket["port"]) for socket in facts["sockets"]}

    def address(self, name):
        return self.sockets[name]

    def run(self, *command):
        """What a command of `floorpass` says."""
        run = subprocess.run([self.program, "--json", "--data", self.data, *command], capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(f"{' '.join(command)}: {run.stdout}{run.stderr}")
        return json.loads(run.stdout)

    def ends_the_day(self):
        """Moves its clock on, over the end of the trading day: two minutes ahead in the server of `evening`."""
        clock = Path(os.environ["FLOORPASS_CLOCK"])
        clock.write_text(f"{int(clock.read_text()) + 121:+d}")

    def says(self, command):
        """What `floorpass orders`, `executions` or `positions` says: the server's own view. Positions are of one account."""
        return self.run(command, *(["--account", self.account] if command == "positions" else []))

    def about(self, command, order):
        """The rows about one order, by its permanent id."""
        return [row for row in self.says(command) if row["order"] == order]

    def state(self, order):
        rows = self.about("orders", order)
        return rows[0]["state"] if rows else "absent"

    def traded(self, order):
        """Shares and commission of an order's executions. A quantity with decimals is a text."""
        rows = self.about("executions", order)
        return sum(float(row["quantity"]) for row in rows), round(sum(float(row["commission"]) for row in rows), 2)

    def held(self, symbol, account=None):
        """Shares on an account; on the first where none is named, for others may have been opened beside it."""
        rows = self.run("positions", "--account", account or self.account)["positions"]
        return sum(float(row["quantity"]) for row in rows if row["symbol"] == symbol)


def wait_until(condition, seconds, pause):
    """Calls `pause(0.02)` until the condition holds; False after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        pause(0.02)
    return bool(condition())

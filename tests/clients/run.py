"""Runs every flow of every client library against one server and ends with a plain count."""

import argparse
import contextlib
import datetime
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import zlib
from pathlib import Path
from zoneinfo import ZoneInfo

from flow import REGISTRY, Checks, Server

HERE = Path(__file__).parent
IB = ["ib_flows", "product_flows", "fact_flows", "account_flows"]
MODULES = {
    "ib_async": [*IB, "snippet_flow"],
    "ib_insync": IB,
    "ibapi": ["ibapi_flows", "ibapi_product_flows", "ibapi_fact_flows", "ibapi_account_flows"],
    "nautilus_trader": ["nautilus_flows", "nautilus_product_flows"],
}
LIBRARIES = [*MODULES, "stoqey", "rust"]
SECONDS_A_FLOW = 90
# Flows that move the clock of a server over the end of a trading day: each has a server of its own.
EVENING = ("fund_is_filled",)


def names(library):
    """The flows that a library has, in the order they are written."""
    for name in MODULES[library]:
        # One module imports the other: loaded again, each registers what it has.
        importlib.reload(importlib.import_module(name))
    modules = MODULES[library]
    return [name for name, function in REGISTRY.items() if function.__module__ in modules]


def heads(args):
    """The command of each library, to which `--list` or `--one FLOW` is added."""
    found = {}
    for library in MODULES:
        python = args.nautilus if library == "nautilus_trader" else sys.executable
        found[library] = [str(python), "-B", str(HERE / "run.py"), "--library", library]
    found["stoqey"] = ["node", str(args.stoqey / "run.mjs"), "--products", str(HERE / "products.json")]
    found["rust"] = [str(args.rust)]
    return found


MISSING = {
    "stoqey": "install Node 20, then `npm install` in its folder",
    "rust": "build it: `cargo build` in its folder",
    "nautilus_trader": "it needs an environment with Python 3.12 or later: `pip install -r requirements-nautilus.txt`",
}


def listed(library, head):
    try:
        run = subprocess.run([*head, "--list"], capture_output=True, text=True)
        said, good = run.stderr, run.returncode == 0
    except OSError as error:
        said, good = str(error), False
    if not good:
        sys.exit(f"{head[0]} cannot run the flows of {library}: {MISSING.get(library, 'pip install -r requirements.txt')}\n{said}")
    return run.stdout.split()


def run_one(library, name, server):
    """Runs one flow in this process; 0 when every check holds."""
    names(library)
    checks = Checks()
    # Each flow has client ids of its own, so that no flow waits for another's connection to end.
    first_id = 100 + zlib.crc32(f"{library} {name}".encode()) % 100_000 * 10
    try:
        REGISTRY[name](library, server, checks, first_id)
        checks.that("the flow makes checks", checks.made > 0, checks.made)
    except Exception:
        checks.failed.append("exception:\n" + traceback.format_exc())
    for text in checks.failed:
        print(f"  not so: {text}", flush=True)
    return 1 if checks.failed else 0


@contextlib.contextmanager
def evening(args):
    """A demo whose clock shows a Wednesday, two minutes before the trading day ends: its ready file, and the file that says
    how many seconds the clock is ahead."""
    now = datetime.datetime.now(ZoneInfo("America/New_York"))
    day = now + datetime.timedelta((2 - now.weekday()) % 7)
    ahead = round((day.replace(hour=16, minute=58, second=0) - now).total_seconds())
    with tempfile.TemporaryDirectory() as folder:
        ready, clock = Path(folder) / "ready.json", Path(folder) / "clock"
        clock.write_text(f"{ahead:+d}")
        moved = {"LD_PRELOAD": str(args.faketime), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        demo = [args.floorpass, "demo", "--free-ports", "--data", f"{folder}/data", "--ready-file", str(ready)]
        with subprocess.Popen(demo, env=os.environ | moved, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                while not ready.is_file() and server.poll() is None:
                    time.sleep(0.1)
                yield str(ready), str(clock)
            finally:
                server.terminate()


@contextlib.contextmanager
def server_for(args, name):
    """The ready file of a flow's server, and what its process is told beside it."""
    if name in EVENING:
        with evening(args) as (ready, clock):
            yield ready, os.environ | {"FLOORPASS_CLOCK": clock}
    else:
        yield args.ready_file, os.environ


def faketime():
    """The library that moves the clock of a program; Debian keeps it in a folder named after the machine."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), "libfaketimeMT.so.1")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ready-file", help="written by `floorpass demo --ready-file`")
    parser.add_argument("--floorpass", default=shutil.which("floorpass"), help="the program, asked what it has of each order")
    parser.add_argument("--only", action="append", default=[], help="a library or a flow; may be repeated")
    parser.add_argument("--nautilus", type=Path, default=sys.executable, help="a Python with nautilus_trader, which needs 3.12")
    parser.add_argument("--stoqey", type=Path, default=HERE / "stoqey", help="where @stoqey/ib is installed")
    parser.add_argument("--rust", type=Path, default=HERE / "rust/target/debug/floorpass-client-tests", help="the program built in rust/")
    parser.add_argument("--faketime", type=Path, default=faketime(), help="libfaketimeMT.so.1 (Debian: faketime), for flows over the end of a day")
    parser.add_argument("--library", choices=MODULES, help=argparse.SUPPRESS)
    parser.add_argument("--one", metavar="FLOW", help=argparse.SUPPRESS)
    parser.add_argument("--list", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.list and not (args.ready_file and args.floorpass):
        parser.error("--ready-file and --floorpass are needed")
    return args


def main():
    args = arguments()
    if args.list:
        print("\n".join(names(args.library)))
        return
    if args.one:
        sys.exit(run_one(args.library, args.one, Server(args.ready_file, args.floorpass)))
    passed = failed = 0
    for library, head in heads(args).items():
        started = time.monotonic()
        if args.only and not any(only == library or only.startswith(f"{library}:") or only not in LIBRARIES and ":" not in only for only in args.only):
            continue
        for name in listed(library, head):
            if args.only and not {library, name, f"{library}:{name}"} & set(args.only):
                continue
            try:
                with server_for(args, name) as (ready, environment):
                    command = [*head, "--ready-file", ready, "--floorpass", args.floorpass, "--one", name]
                    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_A_FLOW, env=environment)
                good, output = done.returncode == 0, done.stdout + ("" if done.returncode == 0 else done.stderr[-2000:])
            except subprocess.TimeoutExpired as late:
                good = False
                output = f"  no end after {SECONDS_A_FLOW} s\n" + ((late.stdout or b"").decode(errors="replace"))
            passed, failed = passed + good, failed + (not good)
            print(f"{'ok' if good else 'FAILED'} {library} {name}", flush=True)
            if not good:
                print(output.rstrip(), flush=True)
        print(f"{library}: {time.monotonic() - started:.0f} s", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()

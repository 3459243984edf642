"""Runs every flow of every client library against one server and ends with a plain count."""

import argparse
import importlib
import subprocess
import sys
import traceback
import zlib
from pathlib import Path

from flow import REGISTRY, Checks, Server

HERE = Path(__file__).parent
IB = ["ib_flows", "fact_flows"]
MODULES = {"ib_async": [*IB, "snippet_flow"], "ib_insync": IB, "ibapi": ["ibapi_flows", "ibapi_fact_flows"]}
SECONDS_A_FLOW = 90


def names(library):
    """The flows that a library has, in the order they are written."""
    for name in MODULES[library]:
        # One module imports the other: loaded again, each registers what it has.
        importlib.reload(importlib.import_module(name))
    modules = MODULES[library]
    return [name for name, function in REGISTRY.items() if function.__module__ in modules]


def commands(library, folder, ready_file):
    """The flows of a library with the command that runs each."""
    if library != "stoqey":
        head = [sys.executable, str(HERE / "run.py"), "--ready-file", ready_file, "--one", library]
        return {name: [*head, name] for name in names(library)}
    program = str(folder / "run.mjs")
    listed = subprocess.run(["node", program, "--list"], capture_output=True, text=True)
    if listed.returncode:
        sys.exit(f"{program} cannot run: install Node 20, then `npm install` in its folder.\n{listed.stderr}")
    return {name: ["node", program, "--ready-file", ready_file, "--one", name] for name in listed.stdout.split()}


def run_one(library, name, ready_file):
    """Runs one flow in this process; 0 when every check holds."""
    names(library)
    checks = Checks()
    # Each flow has client ids of its own, so that no flow waits for another's connection to end.
    first_id = 100 + zlib.crc32(f"{library} {name}".encode()) % 100_000 * 10
    try:
        REGISTRY[name](library, Server(ready_file), checks, first_id)
        checks.that("the flow makes checks", checks.made > 0, checks.made)
    except Exception:
        checks.failed.append("exception:\n" + traceback.format_exc())
    for text in checks.failed:
        print(f"  not so: {text}", flush=True)
    return 1 if checks.failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ready-file", required=True, help="written by `floorpass demo --ready-file`")
    parser.add_argument("--only", action="append", default=[], help="a library or a flow; may be repeated")
    parser.add_argument("--stoqey", type=Path, default=HERE / "stoqey", help="where @stoqey/ib is installed")
    parser.add_argument("--one", nargs=2, metavar=("LIBRARY", "FLOW"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        sys.exit(run_one(*args.one, args.ready_file))
    passed = failed = 0
    for library in [*MODULES, "stoqey"]:
        for name, command in commands(library, args.stoqey, args.ready_file).items():
            if args.only and not {library, name, f"{library}:{name}"} & set(args.only):
                continue
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_A_FLOW)
                good, output = done.returncode == 0, done.stdout + ("" if done.returncode == 0 else done.stderr[-2000:])
            except subprocess.TimeoutExpired as late:
                good = False
                output = f"  no end after {SECONDS_A_FLOW} s\n" + ((late.stdout or b"").decode(errors="replace"))
            passed, failed = passed + good, failed + (not good)
            print(f"{'ok' if good else 'FAILED'} {library} {name}", flush=True)
            if not good:
                print(output.rstrip(), flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()

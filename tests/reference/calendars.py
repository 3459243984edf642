#!/usr/bin/env python3
"""Market calendars against exchange_calendars and pandas_market_calendars.

    cargo build -p floorpass-trade --example calendar
    python -m venv /tmp/calendars && /tmp/calendars/bin/pip install -r tests/reference/requirements-calendars.txt
    /tmp/calendars/bin/python tests/reference/calendars.py --program target/debug/examples

New York, London, XETRA and Tokyo must agree with exchange_calendars on every day and every open, close and break of
2021 to 2030, which the table has, and of 2031 to 2040, which follow the rule behind it, but for the differences in
LISTED. CME, Cboe and bonds follow tables of their own (docs/calendars.md says
why): what others say differently is printed and is no failure. Exit status 1: a difference that is not listed, or a
listed one that is none.
"""

import argparse
import datetime
import subprocess
import sys
import warnings
import zoneinfo
from pathlib import Path

import exchange_calendars
import pandas
import pandas_market_calendars

FIRST, LAST = "2021-01-01", "2030-12-31"
BEYOND = "2031-01-01", "2040-12-31"

# Differences to exchange_calendars that are meant: (calendar, date) and why. None are left.
LISTED: dict[tuple[str, str], str] = {}

# Printed alone: our calendar, whose calendar, its name, what is compared.
OTHERS = [
    ("CBOE", "exchange_calendars", "XCBF", "liquid"),
    ("CBOE", "pandas_market_calendars", "CBOE_Equity_Options", "liquid"),
    ("CBOE_INDEX", "exchange_calendars", "XCBF", "liquid"),
    ("CBOE_INDEX", "pandas_market_calendars", "CBOE_Index_Options", "liquid"),
    ("CME_EQUITY", "exchange_calendars", "CMES", "trading"),
    ("CME_EQUITY", "pandas_market_calendars", "CME_Equity", "trading"),
    ("CME_EQUITY", "pandas_market_calendars", "CME Globex Equity", "trading"),
    ("CME_ENERGY", "exchange_calendars", "CMES", "trading"),
    ("CME_ENERGY", "pandas_market_calendars", "CMEGlobex_Crude", "trading"),
    ("CME_RATES", "exchange_calendars", "CMES", "trading"),
    ("CME_RATES", "pandas_market_calendars", "CME Globex Fixed Income", "trading"),
    ("BOND", "pandas_market_calendars", "SIFMAUS", "trading"),
]

ZONES = {name: "America/New_York" if name == "BOND" else "America/Chicago" for name, *_ in OTHERS}

Hours = list[tuple[int, int]]


def ours(program: Path, names: list[str], first: str = FIRST, last: str = LAST) -> dict[str, dict[str, dict[str, Hours]]]:
    """Our sessions: by calendar, date and kind of hours, intervals in seconds since 1970."""
    command = [str(program / "calendar"), first, last, *names]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found: dict[str, dict[str, dict[str, Hours]]] = {name: {} for name in names}
    for line in lines[1:]:
        name, date, trading, liquid = line.split(",")
        read = lambda text: [tuple(int(end) for end in one.split("-")) for one in text.split()]
        found[name][date] = {"trading": read(trading), "liquid": read(liquid)}
    return found


def intervals(row) -> Hours:
    """A row of another package's schedule; a break that has no length is none."""
    second = lambda stamp: None if pandas.isna(stamp) else int(stamp.timestamp())
    names = ("open", "break_start", "break_end", "close")
    start, pause, resume, end = (second(row.get(name, row.get(f"market_{name}"))) for name in names)
    if pause is None or resume is None or pause >= resume:
        return [(start, end)]
    return [(start, pause), (resume, end)]


def theirs(package: str, name: str, first: str = FIRST, last: str = LAST) -> dict[str, Hours]:
    """Another package's sessions: by date, intervals in seconds since 1970."""
    if package == "exchange_calendars":
        schedule = exchange_calendars.get_calendar(name, start=first, end=last).schedule
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            schedule = pandas_market_calendars.get_calendar(name).schedule(first, last)
    rows = zip(schedule.index, schedule.to_dict("records"), strict=True)
    return {str(date.date()): intervals(row) for date, row in rows}


def differences(mine: dict[str, Hours], other: dict[str, Hours]) -> dict[str, tuple[Hours, Hours]]:
    dates = sorted({*mine, *other})
    pairs = {date: (mine.get(date, []), other.get(date, [])) for date in dates}
    return {date: pair for date, pair in pairs.items() if pair[0] != pair[1]}


def told(hours: Hours, zone: str = "UTC") -> str:
    clock = lambda second: datetime.datetime.fromtimestamp(second, zoneinfo.ZoneInfo(zone)).strftime("%H:%M")
    return " ".join(f"{clock(start)}-{clock(end)}" for start, end in hours) or "closed"


def main() -> int:
    parser = argparse.ArgumentParser(description="Market calendars against two packages.")
    parser.add_argument("--program", type=Path, default=Path("target/debug/examples"), help="folder of the example `calendar`")
    given = parser.parse_args()
    strict = ["XNYS", "XLON", "XETR", "XTKS"]
    wrong = 0
    used: set[tuple[str, str]] = set()
    for first, last in ((FIRST, LAST), BEYOND):
        mine = ours(given.program, strict, first, last)
        for name in strict:
            liquid = {date: hours["liquid"] for date, hours in mine[name].items()}
            found = differences(liquid, theirs("exchange_calendars", name, first, last))
            for date, (own, other) in found.items():
                reason = LISTED.get((name, date))
                used.add((name, date))
                wrong += reason is None
                print(f"{name} {date}: ours {told(own)}, theirs {told(other)}: {reason or 'NOT LISTED'}")
            print(f"{name}, {first} to {last}: {len(liquid)} sessions, {len(found)} differences to exchange_calendars (UTC)")
    for name, date in sorted(set(LISTED) - used):
        print(f"{name} {date}: listed, and there is no difference")
        wrong += 1

    mine = ours(given.program, sorted({other[0] for other in OTHERS}))
    for name, package, other, kind in OTHERS:
        own = {date: hours[kind] for date, hours in mine[name].items()}
        found = differences(own, theirs(package, other))
        print(f"{name}: {len(found)} of {len(own)} days differ from {other} of {package} (not judged; local time)")
        kinds: dict[str, list[str]] = {}
        for date, (one, two) in found.items():
            kinds.setdefault(f"ours {told(one, ZONES[name])}, theirs {told(two, ZONES[name])}", []).append(date)
        for kind, dates in kinds.items():
            print(f"    {kind}: {len(dates)} days, {' '.join(dates[:8])}{' ..' if len(dates) > 8 else ''}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

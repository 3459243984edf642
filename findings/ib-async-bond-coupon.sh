#!/bin/sh
# ib_async 2.1.0 loses the details of every bond whose coupon is not a whole number of percent.
#
# The coupon is annotated as a float, but its default is written `0`, and the decoder converts a field by the type of its
# default. A coupon of 4.75 is then read as an integer, which fails; the error goes to the log, and with it the whole
# message of the bond. `reqContractDetails` answers with an empty list, as if there were no such bond. A coupon of 4 in the
# same message arrives (the control below). Most notes and bonds of the United States have coupons in eighths.
#
# Needs Python 3.10 or later. Exit code 0: it still behaves this way. 1: it no longer does. Anything else: it could
# not be run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'ib_async==2.1.0' || exit 2
cat > "$folder/coupon.py" <<'END_OF_PYTHON'
import asyncio, logging, struct
from importlib.metadata import version

from ib_async import IB, Bond, StartupFetchNONE

# What bond 1 and bond 2 pay a year, in percent, as a server writes it.
COUPONS = {1: "4", 2: "4.75"}


async def serve(reader, writer):
    """A TWS with server version 176, as far as this needs one: the details of a bond by its conId."""

    def send(*fields):
        body = b"".join(str(field).encode() + b"\0" for field in fields)
        writer.write(struct.pack(">I", len(body)) + body)

    async def read():
        return (await reader.readexactly(struct.unpack(">I", await reader.readexactly(4))[0])).decode().split("\0")

    await reader.readexactly(4)  # "API" and a zero
    await read()  # the versions it speaks
    send(176, "20261130 09:30:00 US/Eastern")
    while True:
        try:
            fields = await read()
        except asyncio.IncompleteReadError:
            return
        if fields[0] == "71":  # startApi: accounts and the next order id
            send(15, 1, "DU0000000")
            send(9, 1, 1)
        elif fields[0] == "9":  # reqContractDetails: request and conId
            request, bond = fields[2], int(fields[3])
            head = ("US-T", "BOND", "000000AA0", COUPONS[bond], "20551115", "20251115", "", "", "FIXED", 0, 0, 0, "")
            place = ("SMART", "USD", "US-T", "US-T", bond, 0.015625, "LMT", "SMART", "", "", 0, "", "A bond", "", "")
            send(18, request, *head, *place, 0, 1, 26, 1, 1, 1)
            send(52, 1, request)


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    ib = IB()
    await ib.connectAsync("127.0.0.1", server.sockets[0].getsockname()[1], clientId=1, fetchFields=StartupFetchNONE)
    seen = {}
    for bond, coupon in COUPONS.items():
        found = await asyncio.wait_for(ib.reqContractDetailsAsync(Bond(conId=bond)), 10)
        seen[coupon] = [one.coupon for one in found]
    ib.disconnect()
    return seen


logging.disable(logging.CRITICAL)
seen = asyncio.run(main())
print(f"ib_async {version('ib_async')}")
for coupon, found in seen.items():
    print(f"coupon sent {coupon}: details received {len(found)}, coupons {found}")
raise SystemExit(0 if seen == {"4": [4], "4.75": []} else 1)
END_OF_PYTHON
"$folder/venv/bin/python" "$folder/coupon.py"

#!/bin/sh
# Three brokers' libraries turn the symbol of an option into that of another strike.
#
# After a split or a special dividend, strikes are adjusted to the cent: 49 becomes 16.33 when three shares replace
# one, and 17.50 becomes 16.05 when 1.45 is paid. The symbol of an option (21 characters) ends in the strike times
# 1000, eight digits: 00016330 and 00016050.
#
# tastytrade 13.2.3 multiplies the digits after the point by 100, however many there are. Its two functions are not
# inverses of each other: 16.05 comes back as 16.50, which is another option and may well be listed, and 16.33 comes
# back with nine digits, which is not a valid symbol. All strikes with two decimal places are wrong in one way or the
# other, which is 90 of the 100 cents of each dollar.
#
# schwab-py 1.5.1 and pyetrade 2.1.1 multiply by 1000 in binary floating point and truncate: 16.33 becomes
# 16.329. This happens to 590 of the strikes from 1.00 to 999.99. schwab-py does it even to a symbol that it has just read.
#
# Needs Python 3.11 or later. Exit code 0: it still behaves this way. 1: it no longer does. Anything else: it could
# not be run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'tastytrade==13.2.3' 'schwab-py==1.5.1' \
    'pyetrade==2.1.1' || exit 2
cat > "$folder/strikes.py" <<'END_OF_PYTHON'
from importlib.metadata import version

from pyetrade.order import option_symbol
from schwab.orders.options import OptionSymbol
from tastytrade.instruments import Option


def symbol(cents):
    return f"XYZ   261218C{cents * 10:08}"


def tastytrade(cents):
    """From the symbol to that of the quotes, and back."""
    return Option.streamer_symbol_to_occ(Option.occ_to_streamer_symbol(symbol(cents)))


def schwab(cents):
    """Read and written again."""
    return OptionSymbol.parse_symbol(symbol(cents)).build()


def etrade(cents):
    """From its parts; this broker fills the name up with dashes."""
    return option_symbol("XYZ", "Call", "2026-12-18", f"{cents / 100:.2f}").replace("-", " ")


expected = {
    ("tastytrade", 250): "00002500", ("tastytrade", 1605): "00016500", ("tastytrade", 1633): "000163300",
    ("schwab-py", 250): "00002500", ("schwab-py", 1605): "00016050", ("schwab-py", 1633): "00016329",
    ("pyetrade", 250): "00002500", ("pyetrade", 1605): "00016050", ("pyetrade", 1633): "00016329",
}  # the strike of 2.50 and, for the last two, of 16.05 are controls
seen, wrong = {}, {}
for name, through in (("tastytrade", tastytrade), ("schwab-py", schwab), ("pyetrade", etrade)):
    for cents in (250, 1605, 1633):
        seen[name, cents] = through(cents).removeprefix("XYZ   261218C")
        print(f"{name} {version(name)}: {symbol(cents)!r} becomes {through(cents)!r}")
    wrong[name] = sum(through(cents) != symbol(cents) for cents in range(100, 100_000))
    print(f"{name} {version(name)}: {wrong[name]} of the 99,900 strikes from 1.00 to 999.99 become another")
counts = {"tastytrade": 89_910, "schwab-py": 590, "pyetrade": 590}
raise SystemExit(0 if (seen, wrong) == (expected, counts) else 10)
END_OF_PYTHON
status=0
"$folder/venv/bin/python" "$folder/strikes.py" || status=$?
case $status in
0) echo "As described: strikes in cents become other strikes, or no symbol." ;;
10) status=1; echo "It no longer behaves this way: read the output above." ;;
*) [ $status -ne 1 ] || status=2; echo "It could not be run (exit code $status)." ;;
esac
exit $status

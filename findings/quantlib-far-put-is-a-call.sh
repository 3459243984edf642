#!/bin/sh
# QuantLib's Bachelier calculator values a put that is far out of the money as a call.
#
# Under the normal model, which is used where a price may be below zero, a put of strike 91 on a forward of 100 with a
# standard deviation of 1 is worth nothing. `BachelierCalculator` of QuantLib 1.44 says 9, which is the call's value, and a
# delta of 1. From 8.3 standard deviations on, the probability rounds to exactly 1; the calculator subtracts 1 from it to
# mark a put, and takes everything that is not below zero for a call. `bachelierBlackFormula` of the same package is right,
# and so is the calculator for the mirrored call. Expiries of a day or a few reach such distances with ordinary strikes:
# at a yearly volatility of 30, one day is 1.57, and 8.3 of those are 13.
#
# The function that tests the sign is the same for `value`, `deltaForward` and `strikeSensitivity`, so all three change at
# once. Next to the threshold nothing warns: at 8.2 the value is 0, at 8.4 it is 8.4.
#
# Needs Python 3.11 or later. Exit code 0: it still behaves this way. 1: it no longer does. Anything else: it could
# not be run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'QuantLib==1.44' || exit 2
cat > "$folder/put.py" <<'END_OF_PYTHON'
import QuantLib as ql

FORWARD = 100.0
seen = {}
for distance in (4.0, 8.2, 8.4, 9.0, 30.0):
    strike = FORWARD - distance
    put = ql.BachelierCalculator(ql.PlainVanillaPayoff(ql.Option.Put, strike), FORWARD, 1.0, 1.0)
    # The same option by symmetry: a call on minus the forward.
    call = ql.BachelierCalculator(ql.PlainVanillaPayoff(ql.Option.Call, -strike), -FORWARD, 1.0, 1.0)
    formula = ql.bachelierBlackFormula(ql.Option.Put, strike, FORWARD, 1.0, 1.0)
    print(
        f"QuantLib {ql.__version__}: a put {distance} standard deviations below the forward: value {put.value():.6g}, "
        f"delta {put.deltaForward():.3g}; as a mirrored call {call.value():.6g}; by the formula {formula:.6g}"
    )
    seen[distance] = (round(put.value(), 4), round(put.deltaForward(), 4), round(call.value(), 4), round(formula, 4))
# 4 and 8.2 are controls.
expected = {distance: (0.0, 0.0, 0.0, 0.0) for distance in (4.0, 8.2)}
expected |= {distance: (distance, 1.0, 0.0, 0.0) for distance in (8.4, 9.0, 30.0)}
raise SystemExit(0 if seen == expected else 10)
END_OF_PYTHON
status=0
"$folder/venv/bin/python" "$folder/put.py" || status=$?
case $status in
0) echo "As described: from 8.3 standard deviations on, a put is valued as a call." ;;
10) status=1; echo "It no longer behaves this way: read the output above." ;;
*) [ $status -ne 1 ] || status=2; echo "It could not be run (exit code $status)." ;;
esac
exit $status

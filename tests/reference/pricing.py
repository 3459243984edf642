"""Prices of `floorpass_trade::pricing` against QuantLib and vollib, on seeded cases.

    python pricing.py --program FOLDER [--seed N] [--cases N] [--verbose]

FOLDER has the example `price` of the crate trade (target/debug/examples after `cargo build --workspace --examples`). Every case has whole days to its expiry, and none is on the expiry day,
when QuantLib says 0 (`isExpired`) and we say the intrinsic value. Prints the largest difference by kind and figure; exit code
1 where one is beyond its tolerance. The last line is a count.
"""

import argparse
import datetime
import pathlib
import random
import subprocess
import sys
import time

import QuantLib as ql

TODAY = ql.Date(30, 11, 2026)
YEAR = ql.Actual365Fixed()
GREEKS = ["price", "delta", "gamma", "vega per point", "theta per day", "rho per point"]
EPOCH = datetime.date(1970, 1, 1)

# The bumps of `american::value`.
SPOT_BUMP, POINT_BUMP, DAYS = 0.01, 0.005, 1


def payoff(sign, strike):
    return ql.PlainVanillaPayoff(ql.Option.Call if sign > 0 else ql.Option.Put, strike)


def flat(rate):
    return ql.YieldTermStructureHandle(ql.FlatForward(TODAY, rate, YEAR))


def process(spot, rate, dividend_yield, volatility):
    black = ql.BlackConstantVol(TODAY, ql.NullCalendar(), volatility, YEAR)
    return ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)), flat(dividend_yield), flat(rate), ql.BlackVolTermStructureHandle(black)
    )


def european(sign, spot, strike, rate, dividend_yield, volatility, days):
    """AnalyticEuropeanEngine: vega and rho are per 1.00, theta per year."""
    option = ql.VanillaOption(payoff(sign, strike), ql.EuropeanExercise(TODAY + days))
    option.setPricingEngine(ql.AnalyticEuropeanEngine(process(spot, rate, dividend_yield, volatility)))
    return [option.NPV(), option.delta(), option.gamma(), option.vega() / 100, option.theta() / 365, option.rho() / 100]


def black(sign, forward, strike, rate, volatility, days):
    """BlackCalculator: a higher rate leaves the forward as it is, so its rho is not compared."""
    years = days / 365
    discount = ql.FlatForward(TODAY, rate, YEAR).discount(TODAY + days)
    found = ql.BlackCalculator(payoff(sign, strike), forward, volatility * years**0.5, discount)
    theta = european(sign, forward, strike, rate, rate, volatility, days)[4]
    return [found.value(), found.deltaForward(), found.gammaForward(), found.vega(years) / 100, theta]


def bachelier(sign, forward, strike, rate, volatility, days):
    """BachelierCalculator."""
    years = days / 365
    discount = ql.FlatForward(TODAY, rate, YEAR).discount(TODAY + days)
    found = ql.BachelierCalculator(payoff(sign, strike), forward, volatility * years**0.5, discount)
    return [found.value(), found.deltaForward(), found.gammaForward(), found.vega(years) / 100]


# QuantLib's "accurate" scheme is off by up to 0.0003 where a spot of 100 is just above the boundary, so prices are compared
# with the one of high precision, and greeks, which need eight prices, with one that takes enough steps too.
PRECISE = ql.QdFpAmericanEngine.highPrecisionScheme()
FOR_GREEKS = ql.QdFpLegendreScheme(24, 16, 12, 64)


def american_price(sign, spot, strike, rate, dividend_yield, volatility, days, scheme):
    if days <= 0:
        return max(sign * (spot - strike), 0.0)
    option = ql.VanillaOption(payoff(sign, strike), ql.AmericanExercise(TODAY, TODAY + days))
    option.setPricingEngine(ql.QdFpAmericanEngine(process(spot, rate, dividend_yield, volatility), scheme))
    return option.NPV()


def american(sign, spot, strike, rate, dividend_yield, volatility, days):
    """QdFpAmericanEngine, and greeks by the same bumps as ours."""

    def at(spot=spot, rate=rate, volatility=volatility, days=days, scheme=FOR_GREEKS):
        return american_price(sign, spot, strike, rate, dividend_yield, volatility, days, scheme)

    now, bump = at(), spot * SPOT_BUMP
    up, down = at(spot=spot + bump), at(spot=spot - bump)
    return [
        at(scheme=PRECISE),
        (up - down) / (2 * bump),
        (up - 2 * now + down) / bump**2,
        at(volatility=volatility + POINT_BUMP) - at(volatility=volatility - POINT_BUMP),
        at(days=days - DAYS) - now,
        at(rate=rate + POINT_BUMP) - at(rate=rate - POINT_BUMP),
    ]


# Name in QuantLib, and whether a month's last day may be a coupon date: 30/360 counts 178 to 184 days to a February's end and
# QuantLib pays a coupon by that count, where the bonds of the market and ours pay half a year's.
COUNTS = [
    ("Act/Act ICMA", None, True),
    ("30/360 USA", ql.Thirty360.USA, False),
    ("30/360 bond basis", ql.Thirty360.BondBasis, False),
    ("30E/360", ql.Thirty360.European, False),
]


def date(day):
    return ql.Date(day.day, day.month, day.year)


def bond(per_year, count, end_of_month, simple, ex, issue, maturity, settlement, rate, yield_rate):
    """FixedRateBond. Its compounding is Compounded; in a simple last period SimpleThenCompounded."""
    issue, maturity, settlement = (date(EPOCH + datetime.timedelta(days=day)) for day in (issue, maturity, settlement))
    ql.Settings.instance().evaluationDate = settlement
    schedule = ql.Schedule(
        issue, maturity, ql.Period(12 // per_year, ql.Months), ql.NullCalendar(), ql.Unadjusted, ql.Unadjusted,
        ql.DateGeneration.Backward, bool(end_of_month),
    )
    name, thirty, _ = COUNTS[count]
    day_count = ql.ActualActual(ql.ActualActual.ISMA, schedule) if thirty is None else ql.Thirty360(thirty)
    found = ql.FixedRateBond(
        0, 100.0, schedule, [rate], day_count, ql.Unadjusted, 100.0, issue, ql.NullCalendar(), ql.Period(ex, ql.Days),
        ql.NullCalendar(),
    )
    dates = list(schedule)
    last = settlement >= dates[-2]
    compounding = ql.SimpleThenCompounded if simple and last else ql.Compounded
    frequency = {1: ql.Annual, 2: ql.Semiannual, 4: ql.Quarterly}[per_year]
    functions = ql.BondFunctions
    interest = ql.InterestRate(yield_rate, day_count, compounding, frequency)
    clean = functions.cleanPrice(found, interest, settlement)
    accrued = functions.accruedAmount(found, settlement)
    back = functions.bondYield(
        found, ql.BondPrice(clean, ql.BondPrice.Clean), day_count, compounding, frequency, settlement, 1e-14, 1000, 0.05
    )
    modified = functions.duration(found, interest, ql.Duration.Modified, settlement)
    ql.Settings.instance().evaluationDate = TODAY
    return [accrued, clean, back, modified]


def draw_option(random):
    days = random.choice([random.randint(1, 60), random.randint(1, 1_100)])
    volatility, rate = round(random.uniform(0.05, 0.9), 3), round(random.uniform(0.006, 0.12), 4)
    dividend_yield = round(random.choice([0.0, random.uniform(0, 0.12)]), 4)
    # Up to four standard deviations from the money.
    reach = min(4 * volatility * (days / 365) ** 0.5, 0.7)
    strike = round(100 * (1 + random.uniform(-reach, reach)), 2)
    return [random.choice([1, -1]), 100.0, strike, rate, dividend_yield, volatility, days]


def draw_forward(random):
    sign, _, strike, rate, _, volatility, days = draw_option(random)
    return [sign, 100.0, strike, rate, volatility, days]


def draw_below_zero(random):
    sign, _, _, rate, _, volatility, days = draw_option(random)
    forward = round(random.uniform(-40, 40), 2)
    # Up to four standard deviations from the money: from 8.3 on, QuantLib's calculator values a put as a call
    # (findings/quantlib-far-put-is-a-call.sh).
    width = 30 * volatility * (days / 365) ** 0.5
    return [sign, forward, round(forward + random.uniform(-4, 4) * width, 2), rate, 30 * volatility, days]


def draw_bond(random):
    count = random.randrange(len(COUNTS))
    per_year = random.choice([1, 2, 2, 2, 4])
    months_end = COUNTS[count][2]
    maturity = datetime.date(random.randint(2027, 2056), random.randint(1, 12), random.randint(1, 28))
    if months_end and random.random() < 0.5:
        maturity = maturity.replace(day=28) + datetime.timedelta(days=4)
        maturity -= datetime.timedelta(days=maturity.day)
    # A bond with a single, short period has no regular one in QuantLib, which then counts its days in whole months.
    issue = maturity - datetime.timedelta(days=random.randint(400, 11_000))
    life = (maturity - issue).days
    held = random.choice([random.randrange(life), life - random.randint(1, min(life, 300))])
    if not months_end:
        # The same for every day count that this is about: nothing that begins or ends on a 31st, or in February's end.
        issue = issue.replace(day=min(issue.day, 27))
        maturity = maturity.replace(day=min(maturity.day, 27))
        life = (maturity - issue).days
        held = min(held, life - 1)
    settlement = issue + datetime.timedelta(days=held)
    day = [(each - EPOCH).days for each in (issue, maturity, settlement)]
    ex = random.choice([0, 0, 7])
    rate, yield_rate = round(random.uniform(0.0, 0.1), 4), round(random.uniform(0.001, 0.12), 5)
    return [per_year, count, int(months_end), random.randint(0, 1), ex, *day, rate, yield_rate]


class Kind:
    def __init__(self, name, figures, ours, reference):
        # A figure: its name, the tolerance, and the size from which it is relative; 0 for absolute.
        self.name, self.figures, self.ours, self.reference = name, figures, ours, reference
        self.lines, self.expected, self.worst = [], [], {}

    def add(self, numbers):
        self.lines.append(" ".join([self.ours, *(repr(n) for n in numbers)]))

    def compare(self, answers):
        wrong = 0
        for line, answer, expected in zip(self.lines, answers, self.expected, strict=True):
            found = [float("nan")] * len(self.figures) if answer == "none" else [float(n) for n in answer.split()]
            off = False
            for (figure, tolerance, least), here, there in zip(self.figures, found, expected):
                difference = abs(here - there) / (max(abs(there), least) if least else 1)
                off |= not difference <= tolerance
                if not difference <= self.worst.get(figure, (-1, ""))[0]:
                    self.worst[figure] = (difference, f"{line}: {here!r} against {there!r}")
            wrong += off
        return wrong

    def show(self, verbose):
        for figure, tolerance, least in self.figures:
            if figure in self.worst:
                difference, case = self.worst[figure]
                how = f"relative from {least:g}" if least else "absolute"
                verdict = "" if difference <= tolerance else "  BEYOND"
                print(f"{self.name:<22} {figure:<16} {difference:9.2e} of {tolerance:g} ({how}){verdict}")
                if verbose or verdict:
                    print(f"    {case}")


def kinds(cases):
    european_figures = [(name, 1e-6, 1e-6) for name in GREEKS]
    # Of a spot of 100; a gamma of 0.0001 is a hundredth of a per cent of delta for a move of 1 %.
    american_figures = [
        ("price", 1e-4, 0), ("delta", 1e-3, 0), ("gamma", 1e-4, 0), ("vega per point", 1e-3, 0), ("theta per day", 1e-4, 0),
        ("rho per point", 1e-3, 0),
    ]
    bond_figures = [("accrued", 1e-8, 0), ("clean price", 1e-8, 0), ("yield", 1e-8, 0), ("modified duration", 1e-8, 0)]
    return [
        (Kind("European", european_figures, "european", european), draw_option, cases * 2 // 5),
        (Kind("European on a forward", european_figures[:5], "black", black), draw_forward, cases // 20),
        (Kind("Bachelier", european_figures[:4], "bachelier", bachelier), draw_below_zero, cases // 20),
        (Kind("American", american_figures, "american", american), draw_option, cases * 3 // 10),
        (Kind("Bond", bond_figures, "bond", bond), draw_bond, cases // 5),
    ]


def one_of_vollib(program):
    """The units, by a second library: vollib gives vega and rho per point and theta per day."""
    from vollib.black_scholes_merton import black_scholes_merton
    from vollib.black_scholes_merton.greeks import analytical

    args = ("c", 100, 90, 0.5, 0.03, 0.25, 0.01)
    names = ("delta", "gamma", "vega", "theta", "rho")
    expected = [black_scholes_merton(*args), *(getattr(analytical, name)(*args) for name in names)]
    found = [float(n) for n in ask(program, ["european 1 100 90 0.03 0.01 0.25 0.5"])[0].split()]
    worst = max(abs(here / there - 1) for here, there in zip(found, expected, strict=True))
    print(f"{'vollib':<22} {'price and greeks':<16} {worst:9.2e} of 1e-10 (relative)")
    return worst <= 1e-10


def ask(program, lines):
    run = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=600)
    if run.returncode:
        sys.exit(f"{program} failed: {run.stderr}")
    return run.stdout.splitlines()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=pathlib.Path, default=pathlib.Path("target/debug/examples"), help="folder of the example `price`")
    parser.add_argument("--seed", type=int, default=61)
    parser.add_argument("--cases", type=int, default=5_000)
    parser.add_argument("--verbose", action="store_true", help="show the case of each largest difference")
    args = parser.parse_args()
    program = args.program / "price"
    ql.Settings.instance().evaluationDate = TODAY
    source = random.Random(args.seed)
    passed, failed = 0, 0
    started = time.monotonic()
    for kind, draw, count in kinds(args.cases):
        for _ in range(count):
            case = draw(source)
            kind.expected.append(kind.reference(*case))
            if kind.ours != "bond":
                case[-1] = case[-1] / 365
            kind.add(case)
        answers = ask(program, kind.lines)
        wrong = kind.compare(answers)
        kind.show(args.verbose)
        passed, failed = passed + count - wrong, failed + wrong
    if one_of_vollib(program):
        passed += 1
    else:
        failed += 1
    print(f"QuantLib {ql.__version__}, seed {args.seed}, {time.monotonic() - started:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""What many pages take and cost: GPUs, daemons and disks, from assumptions that are all named.

Arithmetic, no measurement. How many pages a second a card reads is computed from its data sheet
(``benchmarks.expected``), and its share of that which a server reaches is an assumption; what a
page costs the daemon is measured (``benchmarks.servers``). Prices are parameters: put yours in.

Usage: python -m benchmarks.volume [--pages 10000000] [--days 30] [--price L4=0.70 …] …
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.expected import CARDS, Card, pages_a_second, slots_of

HOURS_A_DAY = 24.0
DAYS_A_MONTH = 30.0
PRICES = {"L4": 0.70, "A100": 1.80, "H100": 3.00, "H200": 3.80}  # US$ an hour: assumed, round


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is put in."""

    pages: int = 10_000_000
    days: float = 30.0  # until all is read
    reached: float = 0.5  # share of a card's computed pages that a server reads
    daemon_ms: float = 75.0  # processor time a page: daemon, its requests, drawing
    daemon_cores: int = 2
    daemon_busy: float = 0.7  # share of its cores that a daemon may use on the average
    core_price: float = 0.04  # US$ for a core and its memory an hour
    core_pages: float = 0.4  # dense pages a second that a core reads with the embedded engine
    page_kb: float = 250.0  # of a scan, kept
    text_kb: float = 5.0
    storage_price: float = 0.02  # US$ for a GB a month
    hands: float = 0.0  # US$ for a page that somebody looks at
    doubtful: float = 0.02  # share of such pages


@dataclass(frozen=True, slots=True)
class Bill:
    """What comes out for one kind of card."""

    name: str
    rate: float  # pages a second of one card
    cards: int
    card_days: float  # that one card would take
    cards_cost: float


def rate_wanted(assumed: Assumed) -> float:
    """Return the pages a second that have to be read."""
    return assumed.pages / (assumed.days * HOURS_A_DAY * 3600)


def bill(card: Card, price: float, assumed: Assumed) -> Bill:
    """Return what reading on such cards costs; they are paid for what they work."""
    rate = pages_a_second(card, slots_of(card)) * assumed.reached
    hours = assumed.pages / rate / 3600
    cards = math.ceil(rate_wanted(assumed) / rate)
    return Bill(card.name, rate, cards, hours / HOURS_A_DAY, hours * price)


def daemon_rate(assumed: Assumed) -> float:
    """Return the pages a second that one daemon takes, with room for bursts."""
    return assumed.daemon_cores * assumed.daemon_busy * 1000 / assumed.daemon_ms


def daemons(assumed: Assumed) -> int:
    """Return how many daemons that takes."""
    return math.ceil(rate_wanted(assumed) / daemon_rate(assumed))


def daemons_cost(assumed: Assumed) -> float:
    """Return what their cores cost until all is read."""
    hours = assumed.days * HOURS_A_DAY
    return daemons(assumed) * assumed.daemon_cores * assumed.core_price * hours


def gigabytes(assumed: Assumed) -> float:
    """Return how much lies on disks in the end."""
    return assumed.pages * (assumed.page_kb + assumed.text_kb) / 1e6


def storage_cost(assumed: Assumed) -> float:
    """Return what that costs for as long as the work takes."""
    return gigabytes(assumed) * assumed.storage_price * assumed.days / DAYS_A_MONTH


def hands_cost(assumed: Assumed) -> float:
    """Return what looking at doubtful pages costs."""
    return assumed.pages * assumed.doubtful * assumed.hands


def priced(prices: Mapping[str, float]) -> list[tuple[Card, float]]:
    """Return the cards that have a price."""
    return [
        (card, price)
        for name, price in prices.items()
        for card in CARDS if card.name.split(",")[0] == name
    ]  # fmt: skip


def report(assumed: Assumed, prices: Mapping[str, float]) -> str:
    """Return the lines that docs/scaling.md has."""
    lines = [
        f"{assumed.pages:,} pages in {assumed.days:g} days: {rate_wanted(assumed):.1f} pages/s",
        f"- Daemons: {daemons(assumed)} of {assumed.daemon_cores} cores, each for"
        f" {daemon_rate(assumed):.1f} pages/s at {assumed.daemon_ms:g} ms a page:"
        f" ${daemons_cost(assumed):,.0f}",
        f"- Disks: {gigabytes(assumed):,.0f} GB: ${storage_cost(assumed):,.0f}",
    ]
    if assumed.hands:
        lines.append(
            f"- Doubtful pages looked at: {assumed.pages * assumed.doubtful:,.0f}:"
            f" ${hands_cost(assumed):,.0f}"
        )
    rest = daemons_cost(assumed) + storage_cost(assumed) + hands_cost(assumed)
    for card, price in priced(prices):
        one = bill(card, price, assumed)
        total = one.cards_cost + rest
        lines.append(
            f"- {one.name} at ${price:.2f} an hour: {one.rate:.1f} pages/s, {one.cards} for the"
            f" time ({one.card_days:.0f} days of one): ${one.cards_cost:,.0f}; with the rest"
            f" ${total:,.0f}, ${1000 * total / assumed.pages:.2f} a thousand pages"
        )
    hours = assumed.pages / assumed.core_pages / 3600
    total = hours * assumed.core_price + rest
    lines.append(
        f"- Cores at ${assumed.core_price:.2f} an hour, with the embedded engine:"
        f" {assumed.core_pages:g} pages/s, {math.ceil(rate_wanted(assumed) / assumed.core_pages)}"
        f" for the time: ${hours * assumed.core_price:,.0f}; with the rest ${total:,.0f},"
        f" ${1000 * total / assumed.pages:.2f} a thousand pages"
    )
    return "\n".join(lines)


def main() -> None:
    """Read the parameters, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in Assumed.__slots__:
        default = getattr(Assumed(), name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--price", nargs="*", default=[], metavar="CARD=DOLLARS")
    given = vars(parser.parse_args())
    told = dict(one.split("=", 1) for one in given.pop("price"))
    prices = {name: float(price) for name, price in told.items()} or PRICES
    print(report(Assumed(**given), prices))


if __name__ == "__main__":
    main()

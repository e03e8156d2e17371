"""Amounts of money in whole cents, so that sums are exact."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Money:
    """An amount of money. Always in cents; never a float."""

    cents: int

    def plus(self, other: Money) -> Money:
        """Return the sum of both amounts."""
        return Money(self.cents + other.cents)

    def times(self, quantity: int) -> Money:
        """Return this amount multiplied by a whole quantity."""
        ...

    def __str__(self) -> str:
        sign = "-" if self.cents < 0 else ""
        whole, part = divmod(abs(self.cents), 100)
        return f"{sign}{whole}.{part:02d}"


def parse_price(text: str) -> Money:
    """Parse a price such as "12.50", "$3" or " 0.99 " into Money.

    A leading dollar sign and surrounding blanks are ignored. Raises ValueError if
    the rest is not a number with at most two decimals.
    """
    raise NotImplementedError

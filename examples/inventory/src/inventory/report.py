"""Figures for the shop's owner."""

from __future__ import annotations

from collections.abc import Iterable

from inventory.items import Item
from inventory.money import Money
from inventory.stock import Stock


def stock_value(stock: Stock, items: Iterable[Item]) -> Money:
    """Return what all units on the shelves would sell for."""
    total = Money(0)
    for item in items:
        total = total.plus(item.price.times(stock.available(item.sku)))
    return total


def by_category(items: Iterable[Item]) -> dict[str, list[str]]:
    """Group the names of the items by category.

    The categories are in alphabetical order, and so are the names in each of them.
    """
    ...


def catalogue(items: Iterable[Item]) -> str:
    """Return the printed catalogue: a heading for each category, its items below it."""
    lines = []
    for category, names in by_category(items).items():
        lines.append(f"{category}:")
        lines.extend(f"  - {name}" for name in names)
    return "\n".join(lines)

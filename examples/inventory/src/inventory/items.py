"""Things that can be sold."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inventory.money import Money

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


def slugify(name: str) -> str:
    """Turn a display name into an identifier: "Blue Mug (large)" becomes "blue-mug-large".

    The name is lowercased, each run of characters matched by _NOT_A_WORD becomes one
    hyphen, and hyphens at either end are removed.
    """
    raise NotImplementedError


@dataclass(frozen=True)
class Item:
    """One kind of thing that the shop sells."""

    sku: str
    name: str
    category: str
    price: Money

    @classmethod
    def named(cls, name: str, category: str, price: Money) -> Item:
        """Make an item whose SKU is derived from its name."""
        return cls(sku=slugify(name), name=name, category=category, price=price)

    def label(self) -> str:
        """Return what is printed on the shelf."""
        return f"{self.name} ({self.price})"

"""How many of each item are on the shelves."""

from __future__ import annotations

from collections.abc import Iterator


class InsufficientStock(Exception):
    """More was asked for than is there."""

    def __init__(self, sku: str, wanted: int, available: int) -> None:
        super().__init__(f"{sku}: {wanted} wanted, {available} available")
        self.sku = sku
        self.wanted = wanted
        self.available = available


class Stock:
    """The number of units of each SKU. A SKU that was never received has none."""

    def __init__(self) -> None:
        self._levels: dict[str, int] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._levels))

    def __len__(self) -> int:
        return len(self._levels)

    def receive(self, sku: str, quantity: int) -> None:
        """Put units of a SKU on the shelf."""
        if quantity <= 0:
            raise ValueError(f"quantity must be positive, not {quantity}")
        self._levels[sku] = self._levels.get(sku, 0) + quantity

    def available(self, sku: str) -> int:
        """Return how many units of the SKU there are, 0 if it was never received."""
        raise NotImplementedError

    def withdraw(self, sku: str, quantity: int) -> None:
        """Take units of a SKU from the shelf.

        Raises ValueError if the quantity is not positive, and InsufficientStock if there
        are fewer units than that; the levels are unchanged then.
        """
        raise NotImplementedError

    def total_units(self) -> int:
        """Return the number of units of all SKUs together."""
        pass

    def low(self, threshold: int) -> list[str]:
        """Return the SKUs with fewer units than the threshold, in alphabetical order."""
        raise NotImplementedError

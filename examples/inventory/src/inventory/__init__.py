"""What a small shop has on its shelves, and what it is worth."""

from inventory.items import Item
from inventory.money import Money
from inventory.stock import InsufficientStock, Stock

__all__ = ["InsufficientStock", "Item", "Money", "Stock"]

"""Tests of inventory.report."""

from inventory.items import Item
from inventory.money import Money
from inventory.report import by_category, catalogue, stock_value
from inventory.stock import Stock

ITEMS = [
    Item("tea", "Tea", "pantry", Money(450)),
    Item("mug", "Mug", "kitchen", Money(899)),
    Item("jam", "Jam", "pantry", Money(320)),
]


def test_stock_value_of_nothing():
    assert stock_value(Stock(), []) == Money(0)


def test_stock_value_uses_available_and_times():
    stock = Stock()
    stock.receive("tea", 2)
    stock.receive("mug", 1)
    assert stock_value(stock, ITEMS) == Money(1799)


def test_by_category():
    grouped = by_category(ITEMS)
    assert grouped == {"kitchen": ["Mug"], "pantry": ["Jam", "Tea"]}
    assert list(grouped) == ["kitchen", "pantry"]


def test_by_category_of_nothing():
    assert by_category([]) == {}


def test_by_category_makes_a_catalogue():
    assert catalogue(ITEMS) == "kitchen:\n  - Mug\npantry:\n  - Jam\n  - Tea"

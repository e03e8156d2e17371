"""Tests of inventory.money."""

import pytest

from inventory.money import Money, parse_price


def test_plus():
    assert Money(150).plus(Money(275)) == Money(425)


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00"), (5, "0.05"), (1250, "12.50"), (-99, "-0.99")])
def test_str(cents, text):
    assert str(Money(cents)) == text


@pytest.mark.parametrize(("cents", "quantity", "product"), [(250, 4, 1000), (99, 1, 99), (500, 0, 0), (125, -2, -250)])
def test_times(cents, quantity, product):
    assert Money(cents).times(quantity) == Money(product)


@pytest.mark.parametrize(
    ("text", "cents"), [("12.50", 1250), ("$3", 300), (" 0.99 ", 99), ("7.5", 750), ("$19.99", 1999)]
)
def test_parse_price(text, cents):
    assert parse_price(text) == Money(cents)


@pytest.mark.parametrize("text", ["", "free", "1.234", "1,50"])
def test_parse_price_refuses(text):
    with pytest.raises(ValueError):
        parse_price(text)

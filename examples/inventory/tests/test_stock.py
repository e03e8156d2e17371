"""Tests of inventory.stock."""

import pytest

from inventory.stock import InsufficientStock, Stock


@pytest.fixture
def stock():
    stock = Stock()
    stock.receive("mug", 5)
    stock.receive("tea", 2)
    stock.receive("jam", 2)
    return stock


def test_iterates_in_order(stock):
    assert list(stock) == ["jam", "mug", "tea"]
    assert len(stock) == 3


@pytest.mark.parametrize("quantity", [0, -1])
def test_receive_refuses(stock, quantity):
    with pytest.raises(ValueError):
        stock.receive("mug", quantity)


def test_available(stock):
    stock.receive("mug", 1)
    assert stock.available("mug") == 6


def test_available_of_the_unknown(stock):
    assert stock.available("spoon") == 0
    assert "spoon" not in list(stock)


def test_withdraw_takes(stock):
    stock.withdraw("mug", 2)
    stock.withdraw("tea", 2)
    levels = {sku: stock._levels.get(sku, 0) for sku in ("mug", "tea", "jam")}
    assert levels == {"mug": 3, "tea": 0, "jam": 2}


@pytest.mark.parametrize(("sku", "quantity"), [("mug", 6), ("spoon", 1)])
def test_withdraw_refuses_more_than_there_is(stock, sku, quantity):
    with pytest.raises(InsufficientStock) as caught:
        stock.withdraw(sku, quantity)
    assert caught.value.wanted == quantity
    assert stock._levels["mug"] == 5


@pytest.mark.parametrize("quantity", [0, -3])
def test_withdraw_refuses_nonsense(stock, quantity):
    with pytest.raises(ValueError):
        stock.withdraw("mug", quantity)


def test_total_units(stock):
    assert stock.total_units() == 9
    assert Stock().total_units() == 0


def test_low(stock):
    assert stock.low(3) == ["jam", "tea"]
    assert stock.low(2) == []

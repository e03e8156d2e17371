"""Tests of inventory.items."""

import pytest

from inventory.items import Item, slugify
from inventory.money import Money


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Mug", "mug"), ("Blue Mug (large)", "blue-mug-large"), ("  tea / coffee ", "tea-coffee"), ("No. 5", "no-5")],
)
def test_slugify(name, slug):
    assert slugify(name) == slug


def test_slugify_names_an_item():
    assert Item.named("Blue Mug", "kitchen", Money(899)).sku == "blue-mug"


def test_label():
    assert Item("mug", "Mug", "kitchen", Money(899)).label() == "Mug (8.99)"

"""Fixtures of the house's own tests."""

import pytest

from billing.queries import catalog
from tests import snapshots
from tests.house import asking


@pytest.fixture
def world(db):
    """Acme with one of everything (tests/house/asking.py)."""
    world = snapshots.kept("the house's world", asking.build)
    catalog.hold(world.on_sale)
    return world

"""Fixtures of the house's own tests."""

import pytest

from tests.house import asking


@pytest.fixture
def world(cast):
    """Acme with one of everything (tests/house/asking.py)."""
    return asking.build(cast)

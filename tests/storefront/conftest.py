"""The shop for pages that sell: see tests/shop.py."""

import pytest

from billing.queries import store_time
from tests.shop import Shop


@pytest.fixture
def shop(db, sandbox, monkeypatch):
    """The demo catalog on sale. The store's time is asked once, so that counted queries are a page's own."""
    monkeypatch.setattr(store_time, "KEPT_SECONDS", 3600.0)
    made = Shop().open()
    yield made
    made.close()

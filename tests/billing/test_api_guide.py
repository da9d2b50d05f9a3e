"""docs/guide.md is true: its blocks are run from top to bottom, against a real server."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from billing.models import CheckoutAttempt, Subscription
from tests import factories

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide.md"
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.long
@pytest.mark.serial
@pytest.mark.skipif(not shutil.which("curl"), reason="the guide's first blocks are for curl")
def test_the_guide_is_true(transactional_db, live_server, shop, monkeypatch):
    monkeypatch.setenv("STORE", live_server.url)
    monkeypatch.setenv("STORE_KEY", factories.ApiKeyFactory().text)
    said = {}
    for language, text in BLOCKS:
        if language == "bash":
            done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True)  # noqa: S607 - as readers do
            assert json.loads(done.stdout)
        else:
            exec(compile(text, str(GUIDE), "exec"), said)  # noqa: S102 - our own document
        if "checkout" in said and not Subscription.objects.exists():  # what the reader's buyer does in between
            shop.pay(CheckoutAttempt.objects.get())
            shop.settle()
    assert len(BLOCKS) == 10
    assert Subscription.objects.get().quantity == 7
    said["api"].close()

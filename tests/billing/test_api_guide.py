"""docs/guide.md is true: its blocks are run from top to bottom, against a real server."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from billing.models import CheckoutAttempt, Subscription
from config import pulse
from tests import factories, receiver
from tests.waiting import until

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide.md"
KINDS = {"webhook.ping", "seats.changed", "entitlements.changed"}
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.long
@pytest.mark.serial
@pytest.mark.skipif(not shutil.which("curl"), reason="the guide's first blocks are for curl")
def test_the_guide_is_true(transactional_db, live_server, shop, monkeypatch):
    monkeypatch.setenv("STORE", live_server.url)
    monkeypatch.setenv("STORE_KEY", factories.ApiKeyFactory().text)
    with receiver.listening() as app:
        monkeypatch.setenv("APP", app.url.partition("/hooks")[0])
        said = _read(shop)
        kinds = _heard(app, said)
    assert kinds >= KINDS
    assert len(BLOCKS) == 14
    assert Subscription.objects.get().quantity == 7
    said["api"].close()


def _read(shop):
    """Run the blocks, as a reader does; what they have made by then."""
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
    return said


def _heard(app, said):
    """The types of what the reader's handler was sent, believed and took once."""

    def is_told():
        pulse.drain_all()
        return {_type(body) for _headers, body in app.taken} >= KINDS

    until(is_told)
    for headers, body in app.taken:
        asked = {name.lower(): value for name, value in headers.items()}
        assert (said["take"](body + b" ", asked), said["take"](body, asked)) == (401, 204)
    assert said["heard"] == set(app.ids)
    return {_type(body) for _headers, body in app.taken}


def _type(body):
    return json.loads(body)["type"]

"""A page without scripts of its own: what the Content-Security-Policy would refuse."""

import re

SCRIPT = re.compile(r"<script\b[^>]*>")
HANDLER = re.compile(r"<[^>]+\son(click|change|load|submit)=")


def check(answer):
    """No inline script, and no handler in an attribute."""
    text = answer.content.decode()
    assert [tag for tag in SCRIPT.findall(text) if "src=" not in tag and "application/json" not in tag] == []
    assert not HANDLER.search(text)

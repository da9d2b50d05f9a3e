"""Where a webhook may go, and when it goes again. No database, no network."""

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules import webhook_retries, webhook_targets
from accounts.rules.webhook_targets import Refusal, RefusedTarget

PORTS = (443, 8443)
NOW = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
INSIDE = [
    *("0.1.2.3", "0.0.0.1", "10.0.0.1", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.1.2.3", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1"),
    *("2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0"),
    *("fec0::1", "ff02::1"),
]
OUTSIDE = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
]
WRONG = {
    "": Refusal.MALFORMED,
    "app.example/hooks": Refusal.MALFORMED,
    "ftp://app.example/": Refusal.MALFORMED,
    "javascript:alert(1)": Refusal.MALFORMED,
    "https://": Refusal.MALFORMED,
    "https:///path": Refusal.MALFORMED,
    "https://app.example:port/": Refusal.MALFORMED,
    "https://app.example:99999/": Refusal.MALFORMED,
    "https://app .example/": Refusal.MALFORMED,
    "https://app.example/a\r\nHost: inside": Refusal.MALFORMED,
    "https://app.example\\@inside.example/": Refusal.MALFORMED,
    "https://[::1": Refusal.MALFORMED,
    "https://.example/": Refusal.MALFORMED,
    "https://app.exa%6dple/": Refusal.MALFORMED,
    "http://app.example/": Refusal.NOT_HTTPS,
    "http://127.0.0.1:8000/": Refusal.NOT_HTTPS,
    "https://user:word@app.example/": Refusal.CREDENTIALS,
    "https://user@app.example/": Refusal.CREDENTIALS,
    "https://@app.example/": Refusal.CREDENTIALS,
    "https://app.example:22/": Refusal.PORT,
    "https://app.example:80/": Refusal.PORT,
    "https://app.example:0/": Refusal.PORT,
    "https://app.example/" + "a" * 500: Refusal.TOO_LONG,
}


def refusal(call, *args, **options):
    with pytest.raises(RefusedTarget) as caught:
        call(*args, **options)
    return caught.value.refusal


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_is_sent_inside(address):
    assert not webhook_targets.is_public(ipaddress.ip_address(address))
    target = webhook_targets.parse("https://app.example/", ports=PORTS, loopback=False)
    assert refusal(webhook_targets.check, target, [address], loopback=False) is Refusal.PRIVATE
    assert refusal(webhook_targets.check, target, ["1.1.1.1", address], loopback=False) is Refusal.PRIVATE, "one is enough"
    assert refusal(webhook_targets.check, target, [address], loopback=True) is Refusal.PRIVATE, "the name is not loopback's"


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_servers_may_be_called(address):
    target = webhook_targets.parse("https://app.example/", ports=PORTS, loopback=False)
    assert webhook_targets.check(target, [address, address], loopback=False) == [address]


@given(st.ip_addresses(v=4))
def test_no_address_is_public_in_its_mapped_or_tunnelled_form(address):
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    sixtofour = ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80))
    nat64 = ipaddress.IPv6Address((0x64FF9B << 96) | int(address))
    assert not any(webhook_targets.is_public(one) for one in (mapped, sixtofour, nat64))
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast or address.is_reserved:
        assert not webhook_targets.is_public(address)


@pytest.mark.parametrize(("url", "why"), WRONG.items())
def test_addresses_that_are_no_targets(url, why):
    assert refusal(webhook_targets.parse, url, ports=PORTS, loopback=False) is why


def test_a_target_is_taken_apart_once_for_checking_and_for_calling():
    target = webhook_targets.parse("https://App.EXAMPLE:8443/hooks?a=1#part", ports=PORTS, loopback=False)
    assert (target.host, target.port, target.path, target.authority) == ("app.example", 8443, "/hooks?a=1", "app.example:8443")
    usual = webhook_targets.parse("https://bücher.example/größe", ports=PORTS, loopback=False)
    assert (usual.host, usual.authority, usual.path) == (*["xn--bcher-kva.example"] * 2, "/gr%C3%B6%C3%9Fe")
    six = webhook_targets.parse("https://[2606:4700::1111]/", ports=PORTS, loopback=False)
    assert (six.host, six.authority) == ("2606:4700::1111", "[2606:4700::1111]")
    no_name = refusal(webhook_targets.check, target, [], loopback=False)
    assert no_name is Refusal.UNKNOWN_NAME


def test_a_demo_may_call_its_own_machine_and_nothing_else_inside():
    for url in ("http://127.0.0.1:8010/webhooks", "http://localhost:8010/", "http://[::1]:8010/"):
        target = webhook_targets.parse(url, ports=PORTS, loopback=True)
        assert webhook_targets.check(target, ["127.0.0.1", "::1"], loopback=True)
        assert refusal(webhook_targets.check, target, ["10.0.0.1"], loopback=True) is Refusal.PRIVATE
    assert refusal(webhook_targets.parse, "http://app.example/", ports=PORTS, loopback=True) is Refusal.NOT_HTTPS
    assert refusal(webhook_targets.parse, "http://10.0.0.1/", ports=PORTS, loopback=True) is Refusal.NOT_HTTPS


def test_retries_go_on_for_three_days_ever_further_apart():
    waits = [webhook_retries.wait(attempts, 0) for attempts in range(1, webhook_retries.ATTEMPTS)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=5)
    assert timedelta(days=3) <= sum(waits, timedelta()) <= timedelta(days=3, hours=6)
    assert webhook_retries.wait(webhook_retries.ATTEMPTS, 0) is None


def test_whoever_fails_again_and_again_is_left_alone_ever_longer_for_five_minutes_at_most():
    found = [webhook_retries.breather(failures).total_seconds() for failures in (1, 4, 5, 6, 9, 10, 11, 1000)]
    assert found == [0, 0, 10, 20, 160, 300, 300, 300]


@given(st.integers(1, webhook_retries.ATTEMPTS - 1), st.integers(0, 99))
def test_jitter_only_lengthens_and_by_a_fifth_at_most(attempts, roll):
    least = webhook_retries.wait(attempts, 0)
    assert least <= webhook_retries.wait(attempts, roll) <= least * 1.2


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (429, "120", 120),
        (503, "Thu, 12 Mar 2026 09:31:00 GMT", 60),
        (503, "Thu, 12 Mar 2026 09:00:00 GMT", 0),
        (429, "99999999999", 86_400),
        (429, "soon", None),
        (429, "", None),
        (429, "-5", None),
        (500, "120", None),
    ],
)
def test_a_server_may_ask_to_be_left_alone_for_a_while(status, said, seconds):
    found = webhook_retries.rest(status, said, NOW)
    assert found == (None if seconds is None else timedelta(seconds=seconds))

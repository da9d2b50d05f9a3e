"""Old invoices, a share a night: after all nights each second has been read exactly once."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing.rules import reconciling

OLDEST = datetime(2026, 1, 5, 9, 30, 11, tzinfo=UTC)


@given(nights=st.integers(1, 60), seconds=st.integers(1, 10**8), first=st.integers(0, 10**6))
def test_the_shares_make_up_the_past(nights, seconds, first):
    since = OLDEST + timedelta(seconds=seconds)
    found = sorted(reconciling.share_of_past(OLDEST, since, night=first + n, nights=nights) for n in range(nights))
    assert (found[0][0], found[-1][1]) == (OLDEST, since)
    assert all(one[1] == following[0] for one, following in itertools.pairwise(found))


def test_nothing_is_that_old():
    assert reconciling.share_of_past(OLDEST, OLDEST, night=3, nights=30) is None

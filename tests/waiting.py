"""Waiting for what happens soon: rows of the journal are shown to readers only once every older transaction has ended, and
those of other test workers count."""

import time


def until(check, seconds=300.0):
    """Call `check` until it returns something true, and return that; fail after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)

"""Processes that wait for their cue: `python -m tests.faults.cues click lane lane`, each started by SIGUSR1, in that order.

One process loads the store once (2 s of CPU) and parts before anything is open; what each does is the product's own.
"""

import os
import signal
import sys
import threading

import django
from django.conf import settings
from django.utils.module_loading import import_string

from config import clock, pulse
from config.local import processes


def click():
    """A hand is raised, as the talk page does it."""
    customers = import_string("accounts.models.Organization").objects
    contact = import_string("offramps.services.hand_raises.Contact")
    import_string("offramps.services.hand_raises.raise_hand")(
        reason="other",
        answers={},
        contact=contact(email="ada@acme.example", channel="phone", phone="+49 30 1"),
        at=clock.now(),
        origin=import_string("accounts.origin.Origin").system(),
        organization=customers.select_related("profile").get(),
    )


def lane():
    """The countdowns' lane of a pulse."""
    settings.PULSE_LANES = {name: path for name, path in settings.PULSE_LANES.items() if name == "countdowns"}
    pulse.run(threading.Event())


def main(parts):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    django.setup()
    pulse.lanes()
    die_with_us = processes.tether(signal.SIGKILL)
    pids = [_part(die_with_us, {"click": click, "lane": lane}[name]) for name in parts]
    sys.stdout.write("parted: " + " ".join(map(str, pids)) + ".\n")
    sys.stdout.flush()
    for pid in pids:
        os.waitpid(pid, 0)


def _part(die_with_us, act):
    if pid := os.fork():
        return pid
    die_with_us()
    signal.sigwait({signal.SIGUSR1})
    act()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Several pulses out of one process that has loaded the store once: `python -m tests.faults.warm 4`.

Loading costs 2 s of CPU each. Nothing is open yet when they part: each makes connections and threads of its own.
"""

import os
import signal
import sys

import django
from django.core.management import call_command

from config import pulse
from config.local import processes


def main(count):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    pulse.lanes()
    die_with_us = processes.tether(signal.SIGKILL)
    pids = [_part(die_with_us) for _each in range(count)]
    for pid in pids:
        os.waitpid(pid, 0)


def _part(die_with_us):
    if pid := os.fork():
        return pid
    die_with_us()
    call_command("pulse")
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))

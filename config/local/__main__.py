"""`python -m config.local demo | test | check | services`: what the commands in bin/ become once installed."""

import os
import sys
import time

from config.local import check, demo, suite
from config.local.demo import Refused
from config.local.ports import BadPort
from config.local.postgres import Unusable as PostgresUnusable
from config.local.supervisor import Failed, Stopped
from config.local.unprivileged import NoAccount
from config.local.valkey import Unusable as ValkeyUnusable

STOPPED_CODE = 130


def main(arguments: list[str]) -> int:
    began = float(os.environ.pop("STOREFRONT_BEGAN", time.time()))
    match arguments:
        case ["demo", *rest]:
            return demo.run(rest, began=began)
        case ["test", *rest]:
            return suite.run(rest, began=began)
        case ["check", *rest]:
            return check.run(rest)
        case ["services"]:
            return suite.serve()
    sys.stderr.write(f"{__doc__}\n")
    return 2


def guarded(arguments: list[str]) -> int:
    """Run, and turn what may go wrong on somebody's machine into a plain line."""
    try:
        return main(arguments)
    except (Failed, Refused, BadPort, PostgresUnusable, ValkeyUnusable, NoAccount) as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except Stopped:
        return STOPPED_CODE


if __name__ == "__main__":
    sys.exit(guarded(sys.argv[1:]))

#!/usr/bin/env python3
"""Django's command line. Without an environment of its own it joins the demo (see config/local/)."""

import os
import sys

from django.core.management import execute_from_command_line

from config.local import joining, variables


def main() -> None:
    joining.join()
    if sys.argv[1:2] == ["doctor"]:
        variables.stop_if_missing()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

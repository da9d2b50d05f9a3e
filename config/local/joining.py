"""How `manage.py`, started by hand without an environment, joins the running demo."""

import os
import sys

from config.local import demo, state

NOT_RUNNING = """manage.py joins the running demo, and none is running: start one with bin/demo in another terminal.
For any other installation set its variables, beginning with STOREFRONT_MODE and DATABASE_URL.
"""


def join() -> None:
    """Take over the running demo's variables, unless this process has settings of its own. Exits when there are neither."""
    if os.environ.get("STOREFRONT_MODE") or os.environ.get("DATABASE_URL"):
        return
    folder = state.STATE / "demo"
    if not state.is_locked(folder / demo.LOCK_FILE):
        sys.stderr.write(NOT_RUNNING)
        sys.exit(1)
    for name, value in state.read_environment(folder / demo.ENVIRONMENT_FILE).items():
        os.environ.setdefault(name, value)

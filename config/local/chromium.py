"""Where the browser for the journeys is."""

import os
import shutil
from collections.abc import Mapping

# The shell without windows costs a sixth less of a processor.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = (
    "No Chromium was found, so the journeys (tests/journeys) were skipped. To run them: `apt-get install chromium` "
    "(macOS: `brew install --cask chromium`), or set CHROMIUM to the browser's path."
)


def find(environment: Mapping[str, str] | None = None) -> str | None:
    """The browser's path: what CHROMIUM names, else the first known name on PATH, else None."""
    environment = os.environ if environment is None else environment
    if named := environment.get("CHROMIUM"):
        return shutil.which(named)
    return next((found for name in NAMES if (found := shutil.which(name, path=environment.get("PATH")))), None)

"""`python -m billing.sandbox --port 12111 --state DIR`: the sandbox in the foreground, until SIGTERM or Ctrl-C."""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from billing.sandbox.server import Sandbox


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m billing.sandbox", description="The offline Stripe sandbox on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--state", type=Path, default=None, help="folder that keeps the accounts; none: memory only")
    parser.add_argument("--while-fed", action="store_true", help="end when standard input does: with whoever started it")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    try:
        sandbox = Sandbox(options.state, options.port, ticking=True).start()
    except OSError as error:
        sys.stderr.write(f"Port {options.port} can't be had ({error.strerror}); choose another with --port.\n")
        return 1
    sys.stdout.write(f"Stripe sandbox on {sandbox.base_url}\n")
    sys.stdout.flush()
    if options.while_fed:
        threading.Thread(target=_outlast, args=(sys.stdin.buffer, done), daemon=True).start()
    done.wait()
    sandbox.stop()
    return 0


def _outlast(pipe: BinaryIO, done: threading.Event) -> None:
    pipe.read()
    done.set()


if __name__ == "__main__":
    sys.exit(main())

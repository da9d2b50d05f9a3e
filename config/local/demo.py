"""bin/demo: the whole store on this machine, from servers to the first page, under one supervisor."""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from config.local import ports, postgres, processes, programs, servers, state, steps
from config.local.programs import Program
from config.local.screen import Screen
from config.local.supervisor import Stopped, Supervisor

PORT = 8000
SANDBOX_PORT = 12111
PRODUCT_PORT = 8010
WEB_SECONDS = 60.0
SANDBOX_SECONDS = 30.0
LOCK_SECONDS = 1.0
TEST_KEYS = ("sk_test_", "rk_test_")
ENVIRONMENT_FILE = "env"
LOCK_FILE = "lock"
PREPARED_FILE = "prepared"
LOGINS_FILE = "logins.json"
PRODUCT_FILE = "product.json"
WEBHOOK_SECRET_FILE = "webhook-secret"  # noqa: S105 - a file's name


class Refused(RuntimeError):
    """The demo does not start like this; the text says why and what to do."""


def run(arguments: Sequence[str], *, began: float | None = None) -> int:
    """Run the demo until somebody asks for the end. Returns the exit code."""
    options = _options(arguments)
    refuse_what_is_live(os.environ)
    wanted = (
        ports.asked_for(os.environ, "PORT", PORT),
        ports.asked_for(os.environ, "SANDBOX_PORT", SANDBOX_PORT),
        ports.asked_for(os.environ, "PRODUCT_PORT", PRODUCT_PORT),
    )
    folder = state.folder((options.state or state.STATE).resolve() / "demo")
    lock = state.Lock(folder / LOCK_FILE)
    if not lock.take(patience_seconds=LOCK_SECONDS):
        at = state.read_environment(folder / ENVIRONMENT_FILE).get("STORE_URL", "")
        raise Refused(f"The demo is running already{f' at {at}' if at else ''}. Stop it with Ctrl-C in its terminal first.")
    screen = Screen(log=_log(folder), began=began)
    processes.end_leftovers(folder / "processes.json", screen.say)
    if options.reset:
        reset(folder, screen)
    with Supervisor(folder / "processes.json", screen) as supervisor:
        demo = Demo(supervisor, folder, wanted, is_small=options.small)
        try:
            demo.start()
            demo.welcome(opens_browser=not options.no_browser)
            screen.streams = True
            supervisor.watch()
        except Stopped as asked:
            screen.streams = False
            screen.say(f"\n{asked}: stopping everything ...")
    screen.say(f"Stopped. The data stays in {_shown(folder)}; bin/demo goes on with it, bin/demo --reset starts over.")
    screen.close()
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/demo",
        description="Run the whole store on this machine. Ctrl-C stops it; the next run goes on with the same data.",
        epilog="Variables: PORT (8000), SANDBOX_PORT (12111), PRODUCT_PORT (8010); DATABASE_URL, REDIS_URL and "
        "STRIPE_SECRET_KEY (sk_test_...) each replace the embedded one.",
    )
    parser.add_argument("--reset", action="store_true", help="throw the demo's data away and start over")
    parser.add_argument("--no-browser", action="store_true", help="do not open the first page")
    parser.add_argument("--small", action="store_true", help="without the 200 customers that come in the background")
    parser.add_argument("--state", type=Path, help="keep the data in this folder instead of .storefront")
    return parser.parse_args(arguments)


def refuse_what_is_live(environment: Mapping[str, str]) -> None:
    """Raise Refused for a live key or production settings: the demo seeds companies and shows their passwords."""
    if environment.get("STOREFRONT_MODE", "demo") != "demo":
        raise Refused(
            "STOREFRONT_MODE is set, and not to demo. bin/demo is for a machine of your own: unset it and start again."
        )
    key = environment.get("STRIPE_SECRET_KEY", "")
    if key and not key.startswith(TEST_KEYS):
        raise Refused(
            "STRIPE_SECRET_KEY is not a test key, and the demo would sell to real customers. "
            "Use one that begins with sk_test_, or unset it to use the sandbox."
        )


def reset(folder: Path, screen: Screen) -> None:
    """Throw away the demo's own data. What DATABASE_URL or REDIS_URL name is not ours and stays."""
    postgres.remove(folder)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            state.remove(entry)
        elif entry.name != LOCK_FILE and not entry.name.endswith(".log"):
            entry.unlink()
    screen.done("The demo's data is thrown away")
    for name in ("DATABASE_URL", "REDIS_URL"):
        if os.environ.get(name):
            screen.say(f"          What {name} names is left as it is; empty it yourself if you want it empty.")


def _log(folder: Path) -> Path:
    """This run's log file; the run before keeps one too."""
    log = folder / "demo.log"
    if log.exists():
        log.replace(folder / "demo.previous.log")
    log.touch(mode=0o600)
    return log


def _shown(path: Path) -> str:
    return str(path.relative_to(state.ROOT)) if path.is_relative_to(state.ROOT) else str(path)


class Demo:
    """One run: servers, sandbox, preparation, web, then the background processes."""

    def __init__(
        self, supervisor: Supervisor, folder: Path, wanted_ports: tuple[int, int, int], *, is_small: bool = False
    ) -> None:
        self.supervisor = supervisor
        self.screen = supervisor.screen
        self.folder = folder
        self.port = self._port(wanted_ports[0], "PORT", but_not=set())
        self.environment = servers.base_environment()
        self.uses_sandbox = not self.environment.get("STRIPE_SECRET_KEY")
        self.sandbox_port = self._port(wanted_ports[1], "SANDBOX_PORT", but_not={self.port}) if self.uses_sandbox else 0
        self.is_small = is_small
        self.product_port = self._port(wanted_ports[2], "PRODUCT_PORT", but_not={self.port, self.sandbox_port})

    def _port(self, wanted: int, variable: str, *, but_not: set[int]) -> int:
        found = ports.next_free(wanted, but_not)
        if found != wanted:
            self.screen.say(f"          Port {wanted} is taken; using {found} instead ({variable} chooses another).")
        return found

    def start(self) -> None:
        """Bring everything up, in the order that shows the first page soonest. Raises Failed or Stopped."""
        if self.uses_sandbox:
            self._start_sandbox()
        found = servers.start(self.supervisor, self.folder, self.environment, is_durable=True)
        self.environment |= found | self._own_environment()
        if self.uses_sandbox:
            self.supervisor.wait_until_ready("sandbox", SANDBOX_SECONDS)
            self.screen.done(f"The Stripe sandbox is ready on 127.0.0.1:{self.sandbox_port}")
        self._keep_environment()
        now = steps.fingerprint()
        is_warm = self._kept(PREPARED_FILE) == now and bool(self._kept(WEBHOOK_SECRET_FILE) or not self.uses_sandbox)
        if is_warm:
            self._start_web()
        self._prepare()
        state.write(self.folder / PREPARED_FILE, now)
        if not is_warm:
            self.environment["STRIPE_WEBHOOK_SECRET"] = self._webhook_secret()
            self._keep_environment()
            self._start_web()
        self.screen.doing("Starting the web server")
        self.supervisor.wait_until_ready("web", WEB_SECONDS)
        self.screen.done(f"The first page is at {self.store_url}")
        for program in self._background():
            self.supervisor.start(program)

    @property
    def store_url(self) -> str:
        return f"http://{ports.HOST}:{self.port}"

    @property
    def product_url(self) -> str:
        return f"http://{ports.HOST}:{self.product_port}"

    def _kept(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""

    def _webhook_secret(self) -> str:
        return self.environment.get("STRIPE_WEBHOOK_SECRET") or self._kept(WEBHOOK_SECRET_FILE)

    def _own_environment(self) -> dict[str, str]:
        own = {
            "STOREFRONT_MODE": "demo",
            "STOREFRONT_STATE": str(self.folder.parent),
            "SECRET_KEY": state.secret(self.folder / "secret-key"),
            "STORE_URL": self.store_url,
            "ALLOWED_HOSTS": self.environment.get("ALLOWED_HOSTS", "127.0.0.1,localhost"),
            "STRIPE_WEBHOOK_SECRET": self._webhook_secret(),
            "BRAND_PRODUCT_URL": self.environment.get("BRAND_PRODUCT_URL", f"{self.product_url}/"),
            "SAMPLE_PRODUCT": self.product_url,
            "RETURN_ORIGINS": self.environment.get("RETURN_ORIGINS", self.product_url),
        }
        if self.uses_sandbox:
            own["STRIPE_SECRET_KEY"] = state.secret(self.folder / "stripe-key", "sk_test_")
            own["STRIPE_API_BASE"] = f"http://{ports.HOST}:{self.sandbox_port}"
            own["STRIPE_REQUESTS_PER_SECOND"] = "0"  # nobody's traffic but ours
        else:
            own["STRIPE_SECRET_KEY"] = self.environment["STRIPE_SECRET_KEY"]
            own["STRIPE_API_BASE"] = ""
            own["STRIPE_POLL_EVENTS"] = "true"
            own["STRIPE_LOOKUP_PREFIX"] = state.secret(self.folder / "lookup-prefix", "demo_")[:11] + "_"
        return own

    def _keep_environment(self) -> None:
        """Write down what `manage.py` needs to join this run."""
        names = [*self._own_environment(), "DATABASE_URL", "REDIS_URL"]
        state.write_environment(self.folder / ENVIRONMENT_FILE, {name: self.environment.get(name, "") for name in names})

    # --- Programs -------------------------------------------------------------------------------------------------------

    def _start_sandbox(self) -> None:
        kept = str(state.folder(self.folder / "sandbox", 0o700))
        address = f"http://{ports.HOST}:{self.sandbox_port}/"
        self.supervisor.start(
            self._program(
                "sandbox",
                ["-m", "billing.sandbox", "--port", str(self.sandbox_port), "--state", kept],
                tier=7,
                ready=lambda: _answers(address),
            )
        )

    def _prepare(self) -> None:
        self.screen.doing("Loading the store")
        listener = steps.listener(self.screen)
        arguments = ["--secret-file", str(self.folder / WEBHOOK_SECRET_FILE)] if self.uses_sandbox else []
        self.supervisor.must_run(self._program("prepare", ["manage.py", "prepare_demo", *arguments], listen=listener))

    def _start_web(self) -> None:
        options = ["--interface", "wsgi", "--host", ports.HOST, "--port", str(self.port), "--no-ws", "--log-level", "warning"]
        size = ["--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers"]
        command = ["-m", "granian", *options, *size, "config.wsgi:application"]
        self.supervisor.start(self._program("web", command, ready=lambda: _answers(f"{self.store_url}/readyz", 200)))

    def _background(self) -> list[Program]:
        product = ["--store", self.store_url, "--setup", str(self.folder / PRODUCT_FILE), "--port", str(self.product_port)]
        celery = ["-m", "celery", "--app", "config.celery", "--quiet"]
        return [
            self._program("pulse", ["manage.py", "pulse"], tier=3),
            self._program("worker", [*celery, "worker", "--pool", "threads", "--concurrency", "4", "--without-mingle"], tier=1),
            self._program("beat", [*celery, "beat"], tier=2),
            self._program("product", ["-m", "sample", *product], tier=1),
            *self._history(),
        ]

    def _history(self) -> list[Program]:
        """Two hundred customers with a past, put into the sandbox bit by bit; a real test key's account stays as it is."""
        if self.is_small or not self.uses_sandbox:
            return []
        return [self._program("history", ["manage.py", "seed_history"], has_an_end=True)]

    def _program(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        tier: int = 0,
        ready: Callable[[], bool] | None = None,
        listen: Callable[[str], None] | None = None,
        has_an_end: bool = False,
    ) -> Program:
        return programs.Program(
            name=name,
            command=[sys.executable, *arguments],
            environment=dict(self.environment),
            folder=state.ROOT,
            tier=tier,
            ready=ready,
            listen=listen,
            has_an_end=has_an_end,
        )

    # --- Words ----------------------------------------------------------------------------------------------------------

    def welcome(self, *, opens_browser: bool) -> None:
        """Print the addresses and logins, and open the first page where there is a screen to open it on."""
        say = self.screen.say
        say()
        say(f"  The store         {self.store_url}/")
        say(f"  Its mailbox       {self.store_url}/demo/mailbox/")
        say(f"  Its admin         {self.store_url}/admin/")
        say(f"  Its API           {self.store_url}/api/docs/")
        say(f"  A sample product  {self.product_url}/")
        if self.uses_sandbox:
            say(f"  Stripe sandbox    http://{ports.HOST}:{self.sandbox_port}/")
        say(f"  The log           {_shown(self.folder / 'demo.log')}")
        say()
        for login in logins(self.folder):
            say(f"  {login['email']:<38} {login['password']}   {login['role']}")
        say()
        say("  Ctrl-C stops everything. The lines below are the programs' own.")
        say()
        if opens_browser and has_desktop(os.environ, is_terminal=self.screen.is_terminal):
            webbrowser.open(f"{self.store_url}/")


def logins(folder: Path) -> list[dict[str, str]]:
    """The demo's logins as the seed wrote them: name, role, email, password and, for some, the first page's url."""
    try:
        found = json.loads((folder / LOGINS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [login for login in found if {"role", "email", "password"} <= set(login)]


def has_desktop(environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether a browser window could open: somebody watches, and there is a display (or a BROWSER of their choice)."""
    shows = sys.platform == "darwin" or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    return is_terminal and shows


def _answers(url: str, status: int | None = None) -> bool:
    """Whether a loopback address answers HTTP, with this status if one is given."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as response:
            return status is None or response.status == status
    except urllib.error.HTTPError as error:
        return status is None or error.code == status
    except OSError:
        return False

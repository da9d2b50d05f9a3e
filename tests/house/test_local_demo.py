"""What bin/demo refuses, keeps and throws away; how manage.py joins it; how packages are known to be stale."""

import hashlib
import importlib.util
import io
import json
import os
import subprocess
import sys

import pytest

from config.local import demo, joining, postgres, state, steps, suite, unprivileged, variables
from config.local.screen import Screen
from config.local.supervisor import Supervisor

PORTS = (8000, 12111, 8010)


@pytest.fixture
def bootstrap(tmp_path, monkeypatch):
    """config/local/bootstrap.py, looking at an empty checkout."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", state.ROOT / "config/local/bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    home = tmp_path / ".venv"
    places = {"HOME": home, "PYTHON": home / "bin/python", "STAMP": home / "storefront.json", "UNFINISHED": home / "unfinished"}
    locks = {"RUN_LOCK": tmp_path / "requirements.lock", "DEV_LOCK": tmp_path / "requirements-dev.lock"}
    for name, path in {**places, **locks, "ROOT": tmp_path}.items():
        monkeypatch.setattr(module, name, path)
    for lock in locks.values():
        lock.write_text("pytest==0.0.1 \\\n", encoding="utf-8")
    return module


@pytest.fixture
def made(bootstrap):
    """An environment whose Python runs."""
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    bootstrap.PYTHON.chmod(0o755)
    return bootstrap


def test_without_an_environment_nothing_is_fresh(bootstrap):
    assert not bootstrap.is_fresh(bootstrap.RUN_LOCK)


def test_an_environment_is_fresh_until_its_lock_changes(made):
    made.write_stamp(made.RUN_LOCK)
    assert made.is_fresh(made.RUN_LOCK)
    assert not made.is_fresh(made.DEV_LOCK)
    made.RUN_LOCK.write_text("pytest==0.0.2 \\\n", encoding="utf-8")
    assert not made.is_fresh(made.RUN_LOCK)


def test_the_development_environment_serves_the_demo_too(made):
    made.write_stamp(made.DEV_LOCK)
    assert made.is_fresh(made.RUN_LOCK)
    assert made.is_fresh(made.DEV_LOCK)


def test_a_half_made_environment_is_not_fresh(made):
    made.write_stamp(made.DEV_LOCK)
    made.UNFINISHED.touch()
    assert not made.is_fresh(made.RUN_LOCK)


def test_an_environment_whose_python_is_gone_is_not_fresh(made):
    made.write_stamp(made.DEV_LOCK)
    made.PYTHON.unlink()
    made.PYTHON.symlink_to("/nowhere/python3")
    assert not made.is_fresh(made.RUN_LOCK)


def test_somebody_elses_environment_is_taken_only_if_every_pin_is_there(made):
    assert not made.is_fresh(made.RUN_LOCK)
    made.RUN_LOCK.write_text(f"pytest=={pytest.__version__} \\\n    --hash=sha256:00\n", encoding="utf-8")
    assert made.is_fresh(made.RUN_LOCK)
    stamp = json.loads(made.STAMP.read_text(encoding="utf-8"))
    assert stamp["requirements.lock"] == hashlib.sha256(made.RUN_LOCK.read_bytes()).hexdigest()


def test_an_interrupted_environment_is_made_anew_and_a_stale_one_is_brought_up_to_date(made, monkeypatch):
    called = []
    monkeypatch.setattr(made, "create", lambda _began: called.append("create"))
    monkeypatch.setattr(made, "install", lambda lock, _began: called.append(lock.name))
    made.make(made.RUN_LOCK, 0.0)
    assert called == ["requirements.lock"]
    made.UNFINISHED.touch()
    made.make(made.DEV_LOCK, 0.0)
    assert called[1:] == ["create", "requirements-dev.lock"]
    assert made.is_fresh(made.DEV_LOCK)


@pytest.mark.parametrize("command", ["demo", "test", "check"])
def test_without_a_new_enough_python_the_command_says_so(command):
    environment = {"PATH": os.defpath, "PYTHON": "/nowhere/python3"}
    answer = subprocess.run([state.ROOT / "bin" / command], env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert "needs Python 3.11 or newer" in answer.stderr


# --- Refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1", "pk_test_1", "anything"])
def test_the_demo_refuses_every_key_that_is_no_test_key(key):
    with pytest.raises(demo.Refused, match="STRIPE_SECRET_KEY"):
        demo.refuse_what_is_live({"STRIPE_SECRET_KEY": key})


@pytest.mark.parametrize("mode", ["production", "test", "nonsense"])
def test_the_demo_refuses_settings_that_are_not_its_own(mode):
    with pytest.raises(demo.Refused, match="STOREFRONT_MODE"):
        demo.refuse_what_is_live({"STOREFRONT_MODE": mode})


@pytest.mark.parametrize("environment", [{}, {"STRIPE_SECRET_KEY": "sk_test_1"}, {"STRIPE_SECRET_KEY": "rk_test_1"}])
def test_the_demo_starts_with_a_test_key_or_none(environment):
    demo.refuse_what_is_live(environment)


def test_a_second_demo_says_where_the_first_one_is(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "LOCK_SECONDS", 0.0)
    for name in ("STOREFRONT_MODE", "STRIPE_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    folder = state.folder(tmp_path / "demo")
    state.write_environment(folder / "env", {"STORE_URL": "http://127.0.0.1:8123"})
    lock = state.Lock(folder / "lock")
    lock.take()
    with pytest.raises(demo.Refused, match=r"running already at http://127.0.0.1:8123"):
        demo.run(["--state", str(tmp_path), "--no-browser"])
    lock.release()


@pytest.mark.parametrize(
    ("is_small", "key", "comes"),
    [(False, "", True), (True, "", False), (False, "sk_test_1", False), (True, "sk_test_1", False)],
)
def test_many_customers_come_to_the_sandbox_alone_unless_the_demo_is_small(tmp_path, monkeypatch, is_small, key, comes):
    monkeypatch.setenv("STRIPE_SECRET_KEY", key)
    with Supervisor(tmp_path / "processes.json", Screen(out=io.StringIO())) as supervisor:
        started = demo.Demo(supervisor, tmp_path, PORTS, is_small=is_small)
        named = [program for program in started._background() if program.name == "history"]
    assert [program.has_an_end for program in named] == [True] * comes


# --- What is kept and thrown away -------------------------------------------------------------------------------------


def test_a_reset_throws_the_data_away_and_says_what_it_leaves(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/db")
    monkeypatch.delenv("REDIS_URL", raising=False)
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    for name in ("lock", "demo.log", "secret-key"):
        (tmp_path / name).touch()
    screen = Screen(out=io.StringIO())
    demo.reset(tmp_path, screen)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.log", "lock"]
    assert "What DATABASE_URL names is left as it is" in screen.out.getvalue()
    assert "REDIS_URL" not in screen.out.getvalue()


def test_data_kept_elsewhere_is_removed_only_if_it_is_this_demos(tmp_path):
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    for place, owner in ((mine, tmp_path), (theirs, "/another/checkout")):
        place.mkdir()
        (place / "belongs-to").write_text(str(owner), encoding="utf-8")
    (tmp_path / "postgres-elsewhere").write_text(str(theirs), encoding="utf-8")
    postgres.remove(tmp_path)
    assert theirs.is_dir()
    (tmp_path / "postgres-elsewhere").write_text(str(mine), encoding="utf-8")
    postgres.remove(tmp_path)
    assert not mine.exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '[{"role": "owner"}]'])
def test_logins_that_cannot_be_read_are_none(tmp_path, text):
    (tmp_path / "logins.json").write_text(text, encoding="utf-8")
    assert demo.logins(tmp_path) == []


def test_a_browser_opens_only_where_somebody_sees_it():
    assert demo.has_desktop({"DISPLAY": ":0"}, is_terminal=True)
    assert not demo.has_desktop({"DISPLAY": ":0"}, is_terminal=False)
    if sys.platform != "darwin":
        assert not demo.has_desktop({}, is_terminal=True)


def test_the_steps_of_the_preparation_are_shown():
    screen = Screen(out=io.StringIO())
    hear = steps.listener(screen)
    for line in ("@@ begin Setting up the database", "noise", "@@ end The database is set up"):
        hear(line)
    shown = screen.out.getvalue()
    assert "Setting up the database ..." in shown
    assert "The database is set up" in shown
    assert "noise" not in shown
    assert "@@" not in shown


# --- Joining ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """A process without settings of its own, in a checkout whose state folder is empty."""
    monkeypatch.setattr(state, "STATE", tmp_path)
    for name in (*variables.REQUIRED, "STOREFRONT_MODE"):
        monkeypatch.delenv(name, raising=False)
    return state.folder(tmp_path / "demo")


def test_manage_says_that_no_demo_is_running(alone, capsys):
    state.write_environment(alone / "env", {"SECRET_KEY": "of an earlier run"})
    with pytest.raises(SystemExit) as ended:
        joining.join()
    assert ended.value.code == 1
    assert "bin/demo" in capsys.readouterr().err


def test_manage_joins_the_running_demo(alone, monkeypatch):
    state.write_environment(alone / "env", {"SECRET_KEY": "kept", "STOREFRONT_MODE": "demo"})
    lock = state.Lock(alone / "lock")
    lock.take()
    joining.join()
    lock.release()
    assert os.environ["SECRET_KEY"] == "kept"
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.delenv("STOREFRONT_MODE")


def test_manage_keeps_out_of_the_demo_with_settings_of_its_own(alone, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://mine")
    joining.join()
    assert "SECRET_KEY" not in os.environ


def test_every_missing_variable_is_named_at_once():
    lines = "\n".join(variables.missing({"STOREFRONT_MODE": "production", "SECRET_KEY": "x"}))
    assert " SECRET_KEY is not set" not in lines
    for name in ("STORE_URL", "DATABASE_URL", "REDIS_URL", "STRIPE_SECRET_KEY", "EMAIL_URL"):
        assert f"{name} is not set" in lines
    assert "EMAIL_URL" not in "\n".join(variables.missing({"STOREFRONT_MODE": "demo"}))


def test_the_listed_variables_are_those_that_the_settings_require():
    """Without any one of them the settings refuse, naming it; with all of them they load."""
    examples = {name: example for name, (_why, example) in (variables.REQUIRED | variables.IN_PRODUCTION).items()}
    command = [sys.executable, "-c", "import config.settings"]

    def load(environment):
        return subprocess.run(command, env=environment, cwd=state.ROOT, capture_output=True, text=True, check=False)

    assert load(examples).returncode == 0
    refused = load({name: value for name, value in examples.items() if name != "STRIPE_SECRET_KEY"})
    assert "STRIPE_SECRET_KEY is not set" in refused.stderr
    refused = load(examples | {"STOREFRONT_MODE": "live"})
    assert "STOREFRONT_MODE is 'live'; it takes one of: production, demo, test" in refused.stderr


# --- Who runs Postgres ------------------------------------------------------------------------------------------------


def test_an_ordinary_user_runs_postgres_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert unprivileged.choose(tmp_path) is None


def test_root_hands_postgres_to_somebody_else(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    account = unprivileged.choose(tmp_path / "none")
    assert account.uid != 0


def test_reach_is_what_the_account_can_really_do(tmp_path):
    account = unprivileged.choose(tmp_path)
    if account is None:
        pytest.skip("only root can become somebody else; unprivileged runs need no reach")
    open_folder, closed = tmp_path / "open", tmp_path / "closed"
    open_folder.mkdir(mode=0o755)
    closed.mkdir(mode=0o700)
    assert unprivileged.can_reach(account, state.folder(state.STATE))
    assert not unprivileged.can_reach(account, closed)


def test_each_worker_has_names_of_its_own():
    names = {
        name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL", "STRIPE_SECRET_KEY", "CELERY_QUEUE", "REDIS_PREFIX")
    }
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    slot = os.environ["STOREFRONT_TEST_SLOT"]
    assert names["DATABASE_URL"].endswith(f"/storefront_s{slot}")
    assert names["STRIPE_SECRET_KEY"] == f"sk_test_s{slot}_{worker}"
    assert names["CELERY_QUEUE"] == f"queue_s{slot}_{worker}"
    assert names["REDIS_PREFIX"] == f"s{slot}_{worker}"
    assert (state.test() / suite.LOCK_FILE).exists()

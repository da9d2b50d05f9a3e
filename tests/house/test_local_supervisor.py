"""The supervisor: readiness, restarts, the order of the end, and nothing left behind, even after kill -9."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from config.local import processes, state
from config.local.programs import Child, Program
from config.local.screen import Screen
from config.local.supervisor import Failed, Stopped, Supervisor

ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal and /proc are Linux's")
SLEEPS = ["/bin/sleep", "60"]
# A program that hears no SIGTERM and SIGINT.
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (2, 15)]; print('deaf', flush=True); time.sleep(60)",
]
SCRIPT = """
import sys
from pathlib import Path
from config.local.programs import Program
from config.local.screen import Screen
from config.local.supervisor import Stopped, Supervisor
screen = Screen()
screen.streams = True
with Supervisor(Path(sys.argv[1]), screen) as supervisor:
    try:
        for name, command in eval(sys.argv[2]).items():
            supervisor.start(Program(name=name, command=command, environment={}))
        supervisor.wait(1.0)
        print("started", flush=True)
        supervisor.watch()
    except Stopped as asked:
        print("asked by", asked, flush=True)
"""


@pytest.fixture
def screen():
    return Screen(out=io.StringIO())


@pytest.fixture
def supervisor(tmp_path, screen):
    with Supervisor(tmp_path / "processes.json", screen) as supervisor:
        yield supervisor


def program(name, *command, **more):
    return Program(name=name, command=command, environment={"PATH": os.defpath}, **more)


@contextlib.contextmanager
def stranger():
    """A process that is nobody's business."""
    with subprocess.Popen(SLEEPS) as process:
        try:
            yield process
        finally:
            process.kill()


def is_alive(pid):
    return processes.started(pid) is not None


def wait_until(question, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def written(screen):
    return screen.out.getvalue()


def outside(tmp_path, programs):
    """A supervisor in a process of its own, so that it can be killed; comes back once its programs run."""
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "processes.json"), repr(programs)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=state.ROOT)
    while "started" not in (line := process.stdout.readline()):
        assert line, "the supervisor ended early"
    return process


def recorded(tmp_path):
    said = json.loads((tmp_path / "processes.json").read_text(encoding="utf-8"))
    return {one["name"]: one["pid"] for one in said["processes"]}


def test_a_program_is_waited_for_until_it_is_ready(supervisor, tmp_path):
    flag = tmp_path / "flag"
    supervisor.start(program("server", "/bin/sh", "-c", f"sleep 0.2; touch {flag}; sleep 60", ready=flag.exists))
    supervisor.wait_until_ready("server", 5)
    assert flag.exists()


def test_a_program_that_ends_before_it_is_ready_fails_with_its_last_lines(supervisor):
    supervisor.start(program("server", "/bin/sh", "-c", "echo no room; exit 3", ready=lambda: False))
    with pytest.raises(Failed, match=r"(?s)server ended before it was ready \(exit code 3\).*no room"):
        supervisor.wait_until_ready("server", 5)


def test_a_program_that_is_never_ready_fails_after_its_time(supervisor):
    supervisor.start(program("server", *SLEEPS, ready=lambda: False))
    with pytest.raises(Failed, match="not ready within 0 s"):
        supervisor.wait_until_ready("server", 0.2)


def test_what_must_run_tells_its_failure_and_what_runs_tells_its_code(supervisor):
    assert supervisor.run(program("fine", "/bin/true")) == 0
    with pytest.raises(Failed, match=r"(?s)broken failed \(exit code 1\).*why"):
        supervisor.must_run(program("broken", "/bin/sh", "-c", "echo why; exit 1"))


def test_lines_are_whole_prefixed_and_heard(supervisor, screen):
    heard = []
    screen.streams = True
    supervisor.must_run(program("talk", "/bin/sh", "-c", "printf 'a'; sleep 0.1; printf 'b\\nlast'", listen=heard.append))
    assert heard == ["ab", "last"]
    assert "talk     | ab\ntalk     | last\n" in written(screen)


def test_a_long_outburst_before_the_end_is_read_to_its_last_line(supervisor):
    heard = []
    supervisor.must_run(
        program("burst", "/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done", listen=heard.append)
    )
    assert heard == [str(number) for number in range(20000)]


def test_one_that_dies_is_started_again_after_a_growing_wait(supervisor, screen, tmp_path):
    count = tmp_path / "count"
    supervisor.start(program("weak", "/bin/sh", "-c", f"echo x >> {count}; exit 7"))
    began = time.monotonic()
    while "starting it again in 2 s." not in written(screen):
        supervisor._turn(restarts=True)
        assert time.monotonic() < began + 60, "it was not started again"
    assert time.monotonic() >= began + 1.5  # at 0, 0.5 and 1.5 s at the earliest
    assert count.read_text(encoding="utf-8") == "x\n" * 3
    assert "weak has died (exit code 7); starting it again in 0.5 s." in written(screen)
    assert "starting it again in 1 s." in written(screen)


def test_one_that_has_an_end_is_started_again_until_it_reached_it(supervisor, screen, tmp_path):
    count = tmp_path / "count"
    script = f"echo x >> {count}; test $(wc -l < {count}) -ge 2"
    child = supervisor.start(program("errand", "/bin/sh", "-c", script, has_an_end=True))
    deadline = time.monotonic() + 60
    while child.exit_codes != [1, 0]:
        supervisor._turn(restarts=True)
        assert time.monotonic() < deadline, child.exit_codes
    assert child.restart_at is None
    assert written(screen).count("starting it again") == 1


def test_the_wait_is_short_again_after_a_steady_time():
    child = Child(program("steady", "/bin/true"))
    assert [child.plan_restart() for _ in range(3)] == [30.0, 30.0, 30.0] or child.started_at == 0.0
    child.started_at = time.monotonic()
    child.wait_seconds = 8.0
    assert [child.plan_restart(), child.plan_restart(), child.plan_restart()] == [8.0, 16.0, 30.0]
    child.started_at = time.monotonic() - 60
    assert child.plan_restart() == 0.5


def test_the_death_of_a_vital_program_ends_everything(supervisor):
    supervisor.start(program("postgres", "/bin/sh", "-c", "echo disk full; exit 2", is_vital=True))
    with pytest.raises(Failed, match=r"(?s)postgres has died \(exit code 2\).*disk full"):
        supervisor.watch()


def test_the_end_goes_tier_by_tier(tmp_path, screen):
    order = tmp_path / "order"
    trap = "trap 'sleep 0.1; echo {} >> {}; exit' TERM; echo on; while :; do sleep 0.02; done"
    with Supervisor(tmp_path / "processes.json", screen) as supervisor:
        for name, tier in (("postgres", 9), ("web", 0), ("sandbox", 7)):
            supervisor.start(program(name, "/bin/sh", "-c", trap.format(name, order), tier=tier))
        wait_until(lambda: supervisor._turn() or all(screen.tail(name) for name in ("postgres", "web", "sandbox")))
    assert order.read_text(encoding="utf-8").split() == ["web", "sandbox", "postgres"]
    assert not (tmp_path / "processes.json").exists()


def test_who_does_not_stop_in_time_is_killed_with_its_whole_group(tmp_path, screen):
    child = tmp_path / "child"
    with Supervisor(tmp_path / "processes.json", screen) as supervisor:
        deaf = f"trap '' TERM; sleep 60 & echo $! > {child}; wait"
        supervisor.start(program("deaf", "/bin/sh", "-c", deaf, stop_seconds=0.2))
        wait_until(lambda: supervisor._turn() or (child.exists() and child.read_text(encoding="utf-8").strip()))
        pid = int(child.read_text(encoding="utf-8"))
        assert is_alive(pid)
    wait_until(lambda: not is_alive(pid))


def test_what_a_dead_program_left_running_is_ended_before_it_starts_again(supervisor, tmp_path):
    child = tmp_path / "child"
    supervisor.run(program("parent", "/bin/sh", "-c", f"sleep 60 & echo $! > {child}; exit 0"))
    wait_until(lambda: not is_alive(int(child.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_request_to_stop_is_heard(supervisor, number):
    supervisor.start(program("server", *SLEEPS))
    os.kill(os.getpid(), number)
    with pytest.raises(Stopped, match=number.name):
        supervisor.watch()


def test_a_stopped_supervisor_leaves_nothing(tmp_path):
    process = outside(tmp_path, {"one": SLEEPS, "two": SLEEPS})
    pids = recorded(tmp_path)
    assert all(is_alive(pid) for pid in pids.values())
    process.terminate()
    rest = process.communicate(timeout=10)[0]
    assert "asked by SIGTERM" in rest
    assert not any(is_alive(pid) for pid in pids.values())
    assert not (tmp_path / "processes.json").exists()


@ONLY_LINUX
def test_the_kernel_ends_the_programs_of_a_killed_supervisor(tmp_path):
    process = outside(tmp_path, {"one": SLEEPS})
    pid = recorded(tmp_path)["one"]
    process.kill()
    process.communicate()
    wait_until(lambda: not is_alive(pid))


@ONLY_LINUX
def test_the_next_run_ends_what_survived_and_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE_SECONDS", 0.3)
    process = outside(tmp_path, {"deaf": STUBBORN})
    pid = recorded(tmp_path)["deaf"]
    process.kill()
    process.communicate()
    record = tmp_path / "processes.json"
    said = json.loads(record.read_text(encoding="utf-8"))
    with stranger() as other:
        # As if the number of a recorded process had passed to somebody else.
        said["processes"].append({"name": "stranger", "pid": other.pid, "started": "long ago", "signal": 15})
        record.write_text(json.dumps(said), encoding="utf-8")
        assert is_alive(pid)
        told = []
        assert processes.end_leftovers(record, told.append) == ["deaf"]
        assert not is_alive(pid)
        assert is_alive(other.pid)
    assert "deaf" in told[0]
    assert not record.exists()


@ONLY_LINUX
def test_the_mark_finds_what_the_record_missed(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE_SECONDS", 2.0)
    record = processes.Record(tmp_path / "processes.json")
    with subprocess.Popen(SLEEPS, env={processes.MARK: record.run}) as forgotten, stranger() as other:
        wait_until(lambda: forgotten.pid in set(processes.marked(record.run)))
        assert processes.end_leftovers(record.path, lambda _line: None) == [f"process {forgotten.pid}"]
        assert forgotten.wait(5) == -signal.SIGTERM
        assert other.poll() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run": 1}', '{"run": "a", "processes": [{"pid": 1}]}'])
def test_a_record_that_cannot_be_read_ends_nobody(tmp_path, text):
    path = tmp_path / "processes.json"
    path.write_text(text, encoding="utf-8")
    assert processes.end_leftovers(path, lambda _line: None) == []


def test_a_closed_terminal_is_no_error(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", closefd=False) as broken:
        screen = Screen(out=broken, log=tmp_path / "log")
        screen.say("hello")
        screen.say("again")
        screen.close()
        os.dup2(os.open(os.devnull, os.O_WRONLY), writer)  # so that closing it below can flush
    os.close(writer)
    assert "again" in (tmp_path / "log").read_text(encoding="utf-8")

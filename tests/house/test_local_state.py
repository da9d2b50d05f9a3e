"""The folder of the demo and the test servers: modes, secrets, locks, variables, ports."""

import socket
import stat
import subprocess
import sys

import pytest

from config.local import ports, state

HOLDER = """
import sys, time
from pathlib import Path
from config.local import state
lock = state.Lock(Path(sys.argv[1]))
print(lock.take(), flush=True)
time.sleep(60)
"""


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_new_folders_get_the_mode_and_existing_ones_keep_theirs(tmp_path):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    made = state.folder(private / "a" / "b")
    assert (mode(private), mode(private / "a"), mode(made)) == (0o700, 0o711, 0o711)
    state.folder(private)
    assert mode(private) == 0o700


def test_a_secret_is_made_once_and_readable_by_its_owner_only(tmp_path):
    path = tmp_path / "key"
    made = state.secret(path, "sk_test_")
    assert made.startswith("sk_test_")
    assert len(made) > 40
    assert made.removeprefix("sk_test_").isalnum()
    assert state.secret(path, "sk_test_") == made
    assert mode(path) == 0o600


def test_an_empty_secret_file_is_filled_anew(tmp_path):
    path = tmp_path / "key"
    path.touch()
    assert state.secret(path) == path.read_text(encoding="utf-8").strip() != ""


def test_variables_come_back_as_they_were_and_a_shell_reads_them_too(tmp_path):
    values = {"A": "plain", "B": 'it\'s "quoted" $HOME `x`', "C": "", "URL": "postgres://u:p@127.0.0.1:1/d?x=1&y=2"}
    path = tmp_path / "env"
    state.write_environment(path, values)
    assert state.read_environment(path) == values
    assert mode(path) == 0o600
    shell = subprocess.run(["/bin/sh", "-c", f'. {path}; printf %s "$B"'], capture_output=True, text=True, check=True)
    assert shell.stdout == values["B"]


def test_no_variables_file_is_no_variables(tmp_path):
    assert state.read_environment(tmp_path / "none") == {}


def test_a_link_is_never_followed_when_data_is_thrown_away(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (tmp_path / "link").symlink_to(precious)
    with pytest.raises(RuntimeError, match="symbolic link"):
        state.remove(tmp_path / "link")
    assert precious.is_dir()


def test_a_lock_is_gone_with_its_holder_however_that_dies(tmp_path):
    path = tmp_path / "lock"
    assert not state.is_locked(path)
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, cwd=state.ROOT) as holder:
        assert holder.stdout.readline() == b"True\n"
        assert state.is_locked(path)
        assert not state.Lock(path).take()
        holder.kill()
    assert not state.is_locked(path)
    lock = state.Lock(path)
    assert lock.take()
    lock.release()


def test_a_taken_port_is_passed_over_for_the_next_free_one():
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        server.listen()
        taken = server.getsockname()[1]
        assert not ports.is_free(taken)
        assert ports.next_free(taken) > taken
    assert ports.is_free(taken)
    assert ports.next_free(taken, but_not={taken}) > taken


@pytest.mark.parametrize("said", ["http", "0", "65536", "-1", "80 80", "٨٠"])
def test_a_port_that_cannot_be_one_is_named_with_the_remedy(said):
    with pytest.raises(ports.BadPort, match=r"PORT is .*PORT=8000"):
        ports.asked_for({"PORT": said}, "PORT", 8000)


@pytest.mark.parametrize(("said", "port"), [({}, 8000), ({"PORT": ""}, 8000), ({"PORT": " 9000 "}, 9000)])
def test_a_port_is_what_the_variable_says_or_the_default(said, port):
    assert ports.asked_for(said, "PORT", 8000) == port

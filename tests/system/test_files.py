"""Files that are whole or not there, hidden parts that nobody shares, and what is no file."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gandyn.errors import InputError
from gandyn.system.files import check_target, open_file, staged_folder, whole_file

posix = pytest.mark.skipif(os.name != "posix", reason="pipes, devices and locks of POSIX")

HOLD = """
import sys, time
from gandyn.system.files import staged_folder, whole_file
with {holder}({path!r}) as part:
    print(part, flush=True)
    (part / "half" if part.is_dir() else part).write_text("half")
    print("written", flush=True)
    time.sleep(60)
"""


def holder(kind, path):
    """A process that has begun to write, and the hidden name."""
    code = HOLD.format(holder=kind, path=str(path))
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    )
    part = Path(child.stdout.readline().strip())
    child.stdout.readline()
    return child, part


def write(kind, path, text="new"):
    """What a command writes to a file, or to a folder."""
    with {"whole_file": whole_file, "staged_folder": staged_folder}[kind](path) as part:
        (part / "page" if part.is_dir() else part).write_text(text)


@posix
@pytest.mark.parametrize("kind", ["whole_file", "staged_folder"])
def test_what_a_kill_leaves_is_removed_and_what_lives_is_not(kind, tmp_path):
    target = tmp_path / "run.txt" if kind == "whole_file" else tmp_path
    child, part = holder(kind, target)
    try:
        write(kind, target)
        assert part.exists(), "another's, who is at work"
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert part.exists()
        write(kind, target)
        assert not part.exists()
    finally:
        child.kill()
        child.stdout.close()
        child.wait()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_threads_do_not_share_a_part(tmp_path):
    target, failed = tmp_path / "run.txt", []

    def work(text):
        try:
            for _ in range(40):
                write("whole_file", target, text)
                assert target.read_text() in ("a" * 999, "b" * 999)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(name * 999,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert [path.name for path in tmp_path.iterdir()] == ["run.txt"]


def test_a_file_has_the_rights_of_any_new_one(tmp_path):
    write("whole_file", tmp_path / "one.txt")
    (tmp_path / "two.txt").write_text("")
    one, two = ((tmp_path / name).stat().st_mode for name in ("one.txt", "two.txt"))
    assert stat.S_IMODE(one) == stat.S_IMODE(two)


@pytest.mark.parametrize("name", ["x" * 200 + ".txt", "ä" * 100 + ".txt", "[a]*?.txt", ".txt"])
def test_odd_names(name, tmp_path):
    write("whole_file", tmp_path / name)
    write("whole_file", tmp_path / name, "newer")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "newer"


@posix
@pytest.mark.parametrize("kind", ["a pipe", "a folder", "a device"])
def test_what_is_no_file_is_neither_read_nor_replaced(kind, tmp_path):
    path = tmp_path / "odd.npz"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/full")
    for refused in (lambda: check_target("labels", path), lambda: write("whole_file", path)):
        with pytest.raises(InputError, match=rf"got '.*odd.npz', {kind}; must be free for a file"):
            refused()
    if kind != "a folder":  # which the system itself refuses
        told = f"^data: got .*, {kind}; must be a file$"
        with pytest.raises(InputError, match=told), open_file("data", path):
            pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["odd.npz"]


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_what_is_no_path(name, tmp_path):
    with pytest.raises(InputError, match=r"^output: got .* must be free for a file$"):
        check_target("output", tmp_path / name)


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), whole_file(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with whole_file(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


def test_a_folder_gets_all_files_or_none(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kept.txt").write_text("kept")
    with pytest.raises(RuntimeError), staged_folder(tmp_path / "out") as stage:
        (stage / "page.html").write_text("half")
        raise RuntimeError
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["kept.txt"]
    with staged_folder(tmp_path / "out") as stage:
        (stage / "page.html").write_text("page")
        (stage / "kept.txt").write_text("newer")
    found = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert found == {"page.html": "page", "kept.txt": "newer"}


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path):
    (tmp_path / "page.html").mkdir()
    with (
        pytest.raises(InputError, match=r"a folder named 'page.html' in it"),
        staged_folder(tmp_path) as stage,
    ):
        (stage / "page.html").write_text("page")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]

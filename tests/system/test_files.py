"""Files and folders: written whole or not at all."""

import pytest

from gandyn import InputError
from gandyn.system.files import staged_folder, whole_file


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

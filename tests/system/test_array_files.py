"""Array files: whole, unaltered, of the same run, and no bombs."""

import io
import os
import zipfile

import numpy as np
import pytest

from gandyn.errors import InputError
from gandyn.system.array_files import ArrayFile

ABOUT = {"plan": "one", "values": np.arange(3.0)}
FOUND = {"done": np.array(5), "ends": np.linspace(0, 1, 12).reshape(3, 4), "names": np.array(["a"])}


@pytest.fixture
def file(tmp_path):
    made = ArrayFile("labels", tmp_path / "run.npz", "raster", ABOUT)
    made.write(FOUND)
    return made


def members(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def rewrite(path, changes, compression=zipfile.ZIP_DEFLATED):
    """The file with other bytes in some members."""
    held = members(path) | changes
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, value in held.items():
            file.writestr(name, value)


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def test_what_is_written_is_read(file):
    held = file.read(FOUND, 96)
    assert held.keys() == FOUND.keys()
    for name, value in FOUND.items():
        np.testing.assert_array_equal(held[name], value)
    rewrite(file.path, {})  # as others may write the same arrays
    assert file.read(FOUND, 96)["done"] == 5


@pytest.mark.parametrize("name", [*FOUND, "digest"])
def test_what_was_altered_is_refused(file, name):
    other = {"done": 4, "ends": np.zeros((3, 4)), "names": np.array(["b"]), "digest": "0" * 32}
    rewrite(file.path, {f"{name}.npy": npy(np.asarray(other[name]))})
    with pytest.raises(InputError, match=r"^labels: got .* do not fit what was written; give"):
        file.read(FOUND, 96)


def test_a_bomb_is_not_inflated(file, monkeypatch):
    """Two megabytes that come to two gigabytes: the sizes are read first."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 25,)}
    )
    rewrite(file.path, {"ends.npy": header.getvalue() + bytes(1 << 28)})
    assert file.path.stat().st_size < 1 << 20
    opened, read = [], zipfile.ZipFile.open

    def seen(self, name, *arguments, **options):
        opened.append(getattr(name, "filename", name))
        return read(self, name, *arguments, **options)

    monkeypatch.setattr(zipfile.ZipFile, "open", seen)
    with pytest.raises(InputError, match=r"whose ends takes 2684355\d\d bytes where 96 do; give"):
        file.read(FOUND, 96)
    assert "ends.npy" not in opened


def test_a_header_that_claims_more_than_there_is(file):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 50,)}
    )
    rewrite(file.path, {"ends.npy": header.getvalue() + bytes(96)})
    with pytest.raises(InputError, match="not a whole raster"):
        file.read(FOUND, 96)


def test_what_it_is_about_is_told_before_its_arrays_are_read(file):
    big = {**FOUND, "ends": np.zeros((3, 1 << 16))}
    ArrayFile("labels", file.path, "raster", ABOUT | {"plan": "two"}).write(big)
    with pytest.raises(InputError, match="which differs in plan: two there, one here; give"):
        file.read(FOUND, 96)


def test_any_other_file_is_of_another_kind(file):
    file.check_kind(FOUND)
    ArrayFile("x", file.path, "raster", ABOUT | {"plan": "two"}).write(FOUND)
    file.check_kind(FOUND)
    np.savez(file.path, mine=np.arange(3))
    with pytest.raises(InputError, match="not a whole raster"):
        file.check_kind(FOUND)


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "run.npz")
    with pytest.raises(InputError, match=r"^labels: got .*, a pipe; must be free for a file$"):
        ArrayFile("labels", tmp_path / "run.npz", "raster", ABOUT)

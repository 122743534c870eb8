"""Kernel densities, from arrays and from files."""

import math
import re

import numpy as np
import pytest

import gandyn
import gandyn.distributions as gd
from gandyn.errors import InputError


def test_silverman_and_normals():
    x = np.random.default_rng(1).normal(size=500)
    d = gd.from_samples(x)
    spread = np.subtract(*np.quantile(x, [0.75, 0.25])) / 1.34
    assert d.bandwidth == pytest.approx(0.9 * min(x.std(ddof=1), spread) * 500**-0.2, rel=1e-12)
    weights, means, stds = d.normals
    assert weights.sum() == pytest.approx(1) and (stds == d.bandwidth).all()
    assert gd.Mixture(weights, [gd.Normal(m, d.bandwidth) for m in means]).logpdf(
        0.3
    ) == pytest.approx(d.logpdf(0.3), rel=1e-13)
    assert d.mean == pytest.approx(x.mean(), abs=1e-13)
    assert d.std == pytest.approx(math.hypot(x.std(), d.bandwidth), rel=1e-12)


def test_repeated_samples_are_one_kernel():
    d = gd.from_samples([1, 2, 2, 5], bandwidth=0.1)
    np.testing.assert_array_equal(d.normals[0], [0.25, 0.5, 0.25])
    assert gd.from_samples([3, 3, 3], bandwidth=2).ppf(0.5) == pytest.approx(3)
    mostly = gd.from_samples([0.0] * 20 + [1.0])
    assert mostly.bandwidth > 0


def test_few_landmarks_where_samples_are_dense():
    d = gd.from_samples(np.random.default_rng(2).normal(size=5_000))
    assert len(d.landmarks) < 100 and len(d.edges) < 120
    gaps = np.diff(d.landmarks[:, 0])
    assert gaps.min() >= 1.5 * d.bandwidth
    _, mass = d._nodes
    assert abs(mass.sum() - 1) < 1e-12


def test_thousands_of_kernels_are_summed_in_chunks():
    x = np.random.default_rng(3).normal(size=1500)
    whole = gd.from_samples(x, bandwidth=0.2)
    halves = [gd.from_samples(part, bandwidth=0.2) for part in (x[:500], x[500:1000], x[1000:])]
    shares = [1 / 3, 1 / 3, 1 / 3]
    at = np.array([-50.0, -3, 0, 0.7, 4, 1e200])
    logs = np.stack([h.logpdf(at) for h in halves])
    scores = np.stack([h.score(at) for h in halves])
    slopes = np.stack([h.score_slope(at) for h in halves])
    weights = np.exp(logs - logs.max(axis=0))
    weights /= weights.sum(axis=0)
    score = (weights * scores).sum(axis=0)
    slope = (weights * (slopes + (scores - score) ** 2)).sum(axis=0)
    np.testing.assert_allclose(whole.score(at)[:-1], score[:-1], rtol=1e-12)
    np.testing.assert_allclose(whole.score_slope(at)[:-1], slope[:-1], rtol=1e-10)
    np.testing.assert_allclose(whole.cdf(at), np.dot(shares, [h.cdf(at) for h in halves]))
    np.testing.assert_allclose(whole.sf(at), np.dot(shares, [h.sf(at) for h in halves]))
    np.testing.assert_array_equal(whole.logpdf(at), whole.logpdf_and_score(at)[0])


def test_two_far_clusters_have_edges_at_both():
    d = gd.from_samples([0, 0.1, 1000, 1000.1], bandwidth=0.01)
    _, mass = d._nodes
    assert abs(mass.sum() - 1) < 1e-12 and len(d.edges) < 100


@pytest.mark.parametrize(
    "samples, bandwidth, message",
    [
        ([], None, "samples: got none, must be at least 2 different finite numbers"),
        ([1.0], None, "samples: got only the value 1.0, must be at least 2 different ones"),
        ([2, 2], None, "samples: got only the value 2.0, must be at least 2 different ones"),
        ([1, math.nan], None, "samples: got nan at index 1, must be finite numbers"),
        ([math.inf, 1], None, "samples: got inf at index 0, must be finite numbers"),
        (["a", "b"], None, "samples: got ['a', 'b'], must be a list of finite numbers"),
        ([[1, 2]], None, "samples: got an array of shape (1, 2), must be one-dimensional"),
        ([1, 2], 0, "bandwidth: got 0, must be a positive finite number"),
        ([1, 2], math.nan, "bandwidth: got nan, must be a positive finite number"),
    ],
)
def test_wrong_samples(samples, bandwidth, message):
    with pytest.raises(InputError, match=re.escape(message)):
        gd.from_samples(samples, bandwidth)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_number_a_line(folder):
    (folder / "x.txt").write_text("\ufeff# heights\n1\n\n 2.5 \r\n-3e0\n", encoding="utf-8")
    d = gd.parse("samples:x.txt")
    assert d == gd.from_samples([1, 2.5, -3])
    assert str(d) == "samples:x.txt" and gd.parse(str(d)) == d


def test_a_column(folder):
    (folder / "t.csv").write_text('name, height ,"b, c"\n"a\nb",1,4\nc,2,5\n\nd,4,7\n')
    assert gd.parse("samples:t.csv#height") == gd.from_samples([1, 2, 4])
    d = gd.parse('0.5*N(0, 1) + 0.5*samples:t.csv#"b, c"')
    assert d.components[1] == gd.from_samples([4, 5, 7])
    assert str(d) == '0.5*N(0, 1) + 0.5*samples:t.csv#"b, c"' and gd.parse(str(d)) == d
    (folder / "s.csv").write_text("a;b\n1;2\n2;3\n")
    assert gd.parse("samples:s.csv#b") == gd.from_samples([2, 3])


def test_paths_with_signs_of_the_notation(folder):
    for name in ("my file.txt", "a+b.txt", "a(1).txt", 'a"b.txt', "a#b.txt", "-x.txt", "a*b.txt"):
        (folder / name).write_text("1\n2\n")
        quoted = name.replace('"', '""')
        d = gd.parse(f'(samples:"{quoted}")')
        assert d == gd.from_samples([1, 2]) and gd.parse(str(d)) == d
    text = 'samples:"my file.txt"+samples:-x.txt'
    with pytest.raises(InputError, match=r"weights: got 1, 1"):
        gd.parse(text)


FILES = {
    "empty.txt": b"",
    "blank.txt": b"\n# nothing\n\n",
    "words.txt": b"1\n2\nthree\n",
    "nan.txt": b"1\nnan\n",
    "scores.txt": b"1_000\n2\n",
    "one.txt": b"1\n",
    "binary": b"\x80\x81\x00\xff" * 50,
    "zeros": b"\x00" * 50,
    "table.csv": b"a,b,b\n1,2,3\n4,x,6\n7\n",
    "heads.csv": b"a,b\n",
}


@pytest.mark.parametrize(
    "text, message",
    [
        ("samples:none.txt", "samples: no such file or directory: 'none.txt'"),
        ("samples:.", "samples: is a directory: '.'"),
        ("samples:empty.txt", "samples: 'empty.txt' is empty, must have at least 2 numbers"),
        ("samples:blank.txt", "samples: 'blank.txt' is empty, must have at least 2 numbers"),
        ("samples:empty.txt#a", "samples: no column 'a' in 'empty.txt', its headings are 'none'"),
        ("samples:heads.csv#a", "samples: 'heads.csv' is empty, must have at least 2 numbers"),
        ("samples:words.txt", "samples: got 'three' in line 3 of 'words.txt', must be a finite"),
        ("samples:nan.txt", "samples: got 'nan' in line 2 of 'nan.txt', must be a finite number"),
        ("samples:scores.txt", "samples: got '1_000' in line 1 of 'scores.txt'"),
        ("samples:one.txt", "samples: got only the value 1.0, must be at least 2 different ones"),
        ("samples:binary", "samples: 'binary' is not a text file of numbers"),
        ("samples:zeros", "samples: got '\\x00"),
        ("samples:zeros#a", "samples: no column 'a' in 'zeros'"),
        ("samples:table.csv", "for a CSV column write samples:PATH#column"),
        ("samples:table.csv#c", "no column 'c' in 'table.csv', its headings are 'a, b, b'"),
        ("samples:table.csv#b", "samples: column 'b' comes more than once in 'table.csv'"),
        ("samples:" + "a" * 5000, "samples: file name too long"),
        ('samples:"a\x00b"', "samples: got 'a\\x00b', must be a file's path"),
        ('samples:""', "samples: no such file or directory: ''"),
    ],
)
def test_wrong_files(folder, text, message):
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        gd.parse(text)
    assert "\n" not in str(caught.value)


def test_a_cell_that_is_no_number_or_is_missing(folder):
    (folder / "t.csv").write_text("a,b\n1,2\n3,x\n")
    with pytest.raises(InputError, match=r"samples: got 'x' in line 3 of 't.csv'"):
        gd.parse("samples:t.csv#b")
    (folder / "t.csv").write_text("a,b\n1,2\n3\n")
    with pytest.raises(InputError, match=r"samples: got '' in line 3 of 't.csv'"):
        gd.parse("samples:t.csv#b")


MISSING = {
    "t.csv": ("a,b\n1,2\n3,\n4,NA\n5,6\n", "b", "'' in line 3", "2 of 4"),
    "one.csv": ("a\n1\n\n\n2\n\n", "a", "'' in line 4", "2 of 4"),
    "empty.csv": ("a,b\n1,2\n,\n3,4\n", "a", "'' in line 3", "1 of 3"),
    "quoted.csv": ('a\n1\n""\n3\n', "a", "'' in line 3", "1 of 3"),
    "plain.txt": ("1\nnull\n?\nNaN\n2\n", None, "'null' in line 2", "3 of 5"),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_values_are_counted_and_refused(folder, name):
    content, column, where, count = MISSING[name]
    (folder / name).write_text(content)
    with pytest.raises(InputError) as error:
        gd.parse(f"samples:{name}" + (f"#{column}" if column else ""))
    assert f"samples: got {where} of '{name}', must be a finite number; " in str(error.value)
    assert f"{count} are missing: leave them out, or fill them in" in str(error.value)


def test_what_other_programs_write(folder):
    """A byte-order mark, carriage returns, semicolons, tabs, headings with spaces."""
    body = ("body mass", "x"), ("1.5", "2"), ("-3e0", "4"), ("+7", "5")
    for delimiter in ",;\t":
        for end in ("\n", "\r\n", "\r"):
            text = "".join(delimiter.join(row) + end for row in body)
            (folder / "t.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
            assert gd.parse('samples:t.csv#"body mass"') == gd.from_samples([1.5, -3, 7])
    (folder / "two.csv").write_text('"a\nb",c\n1,2\n3,4\n')
    assert gd.parse('samples:two.csv#"a\nb"') == gd.from_samples([1, 3])


CLEAR = [
    ("comma.txt", b"1,5\n2,5\n", "", "got '1,5' in line 1 of 'comma.txt', must be a finite number; "
     "a decimal comma must be a point"),
    ("comma.csv", b"x;y\n1;2\n-1,5e3;3\n", "#x", "got '-1,5e3' in line 3 of 'comma.csv'"),
    ("latin.csv", "Größe;y\n1;2\n".encode("latin-1"), "#y", "of numbers in UTF-8 ('utf-8'"),
    ("wide.txt", "1\n2\n".encode("utf-16"), "", "text file of numbers in UTF-8"),
    ("space.csv", b"body mass,x\n1,2\n", "#body mass", "(a path or heading with spaces is quoted)"),
    ("long.txt", b"1" * (1 << 21), "", "a line has more than 1048576 characters"),
    ("long.csv", b"a,b\n" + b"1" * (1 << 21), "#a", "a line has more than 1048576 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "column", "told"), CLEAR, ids=[c[0] for c in CLEAR])
def test_what_cannot_be_read_is_told_clearly(folder, name, content, column, told):
    (folder / name).write_bytes(content)
    with pytest.raises(InputError) as error:
        gd.parse(f"samples:{name}{column}")
    assert told in str(error.value) and str(error.value).isprintable()


def test_names_that_do_not_print(folder):
    """`str` reads back as it was; what is shown to a person prints."""
    name = "x\x1b\u202e.txt"
    (folder / name).write_text("1\n2\n")
    law = gd.parse(f"0.5*N(0, 1) + 0.5*samples:{name}")
    assert gd.parse(str(law)) == law and name in str(law)
    game = gandyn.Game(law, gandyn.LinearGenerator(law))
    assert repr(law).isprintable() and repr(game).isprintable()


def test_a_file_beyond_the_memory_is_not_read(folder):
    with (folder / "big.txt").open("wb") as file:
        file.truncate(1 << 42)  # with nothing in it that takes room
    with pytest.raises(InputError, match=r"^samples: got 'big.txt', which takes 32 TiB of memory"):
        gd.parse("samples:big.txt")

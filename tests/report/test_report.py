"""The page, its files and its numbers."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest

import gandyn
from gandyn.cli import main
from gandyn.errors import InputError
from gandyn.landscape.census import equilibria
from gandyn.landscape.mountain_passes import barriers
from gandyn.report import Settings, page, write_report
from gandyn.report.collect import _affordable
from gandyn.report.numbers import short, with_error
from gandyn.system.files import staged_folder
from tests.strict_json import strict

SMALL = Settings(
    samples=30,
    frames=2,
    cells=6,
    others=((0.5, 0.5),),
    nodes=9,
    replicas=2,
    training_steps=20,
    claims=("value-floor", "jsd-bounds"),
)
WHOLE = pytest.mark.exhaustive
HATCHED = "From where it is hatched the flow comes to no"
FILES = {
    "index.html", "results.json", "moments.png", "arrows.png", "parameters.png", "values.png",
    "field.png", "flow.gif", "portrait.png", "barriers.png", "training.png",
}  # fmt: skip


class Page(HTMLParser):
    """Tags, attributes and text; void elements aside, every tag must be closed."""

    VOID = ("meta", "link", "img", "br")

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]


@pytest.fixture(scope="session", params=["small", pytest.param("whole", marks=WHOLE)])
def default(request, tmp_path_factory):
    """`gandyn report` as it comes, or with less of each thing: its folder, and how much it has."""
    folder, settings = tmp_path_factory.mktemp("default") / "report", Settings()
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "small":
            settings = SMALL
            patch.setattr("gandyn.report.page.Settings", lambda: settings)
        assert main(["report", "--output", str(folder)]) == 0
    return folder, settings


@pytest.fixture
def only(monkeypatch):
    """`only("landscape")`: pages of some sections; without theory no process for it."""

    def choose(*names):
        chosen = tuple(section for section in page.SECTIONS if section[0] in names)
        assert len(chosen) == len(names)
        monkeypatch.setattr(page, "SECTIONS", chosen)
        if "theory" not in names:
            idle = SimpleNamespace(result=None)
            monkeypatch.setattr(page, "crew", lambda *_: nullcontext(lambda *_: idle))

    return choose


def results(folder):
    return strict((folder / "results.json").read_text())


def small(folder, data="0.5*N(-3, 1) + 0.5*N(3, 1)", latent="N(0, 1)", **options):
    game = gandyn.Game(
        gandyn.parse(data),
        gandyn.LinearGenerator(gandyn.parse(latent)),
        options.pop("objective", "nonsaturating"),
    )
    return write_report(folder, game, **{"settings": SMALL} | options)


def test_the_folder_holds_the_page_and_its_figures(default):
    assert {path.name for path in default[0].iterdir()} == FILES


def test_the_page_is_self_contained(default):
    html = (default[0] / "index.html").read_text(encoding="utf-8")
    page = Page(html)
    pictures = page.all("img")
    assert len(pictures) == 9
    for picture in pictures:
        assert picture["src"].startswith("data:image/")
        assert len(picture["alt"]) > 20
        assert int(picture["width"]) > 300 and int(picture["height"]) > 200
    assert page.all("script") == []
    assert all(link["href"].startswith("data:") for link in page.all("link"))
    assert "http" not in re.sub(r'src="data:[^"]*"', "", html)
    anchors = {attrs.get("id") for _, attrs in page.tags}
    assert all(link["href"].removeprefix("#") in anchors for link in page.all("a"))


def test_the_numbers_are_the_engines(default):
    found = results(default[0])
    game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    summary = found["summary"]
    for name, theta in (("start", [1.0, 0.5]), ("end", summary["end"]["theta"])):
        expected = game.evaluate(theta).as_dict()
        for key, value in expected["errors"].items():
            assert summary[name]["errors"][key] == (value if key != "theta" else 0)
            there = expected[key]
            infinite = not np.all(np.isfinite(there))
            assert summary[name][key] == (str(there) if infinite else there)
    assert summary["end"]["theta"] == pytest.approx([2.681227985, 0.0], abs=1e-8)
    assert summary["status"] == 1 and summary["success"]
    assert found["parameters"]["a"][0] == 1.0
    values = found["values"]
    steps = np.diff(values["potential"])
    assert np.all(steps < 1e-12)
    assert set(values["errors"]) >= {"jsd", "value", "potential", "force"}


def test_the_landscape_is_the_librarys(default):
    found = results(default[0])["landscape"]
    game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    points, passes = equilibria(game), barriers(game)
    assert [[e["a"], e["b"]] for e in found["equilibria"]] == points.theta.tolist()
    assert found["complete"] and found["winding"] == 1
    assert [(e["from"]["index"], e["to"]["index"]) for e in found["barriers"]] == [
        (0, 2),
        (0, 4),
        (2, 4),
    ]
    for entry, barrier in zip(found["barriers"], passes.barriers, strict=True):
        for key in ("height_from", "height_to", "prefactor_from", "prefactor_to", "error"):
            assert entry[key] == getattr(barrier, key)
    assert len(found["tree"]) == 2
    shares = [entry["fraction"] for entry in found["basins"]["fractions"]]
    assert sum(shares) + found["basins"]["unknown"] == pytest.approx(1.0, abs=1e-12)
    assert len(found["separatrices"]) == 4
    text = Page((default[0] / "index.html").read_text(encoding="utf-8")).text
    for number in ("0.3447262324", "0.03289883666", "2.681227986", "0.051276"):
        assert number in text
    assert "the flow rests at 3 attractors and 2 saddles" in text
    assert f"{100 * shares[0]:.3g}\u00a0%".replace("\u00a0", " ") in text


def test_the_theory_table_is_complete(default):
    claims = results(default[0])["theory"]["claims"]
    text = Page((default[0] / "index.html").read_text(encoding="utf-8")).text
    expected = default[1].claims
    assert len(claims) > 40 if expected is None else {c["name"] for c in claims} == {*expected}
    assert all(claim["passed"] for claim in claims)
    assert text.count("✓ pass") == len(claims)
    assert {"claim", "expected", "measured", "tolerance", "passed"} <= set(claims[0])


def test_the_page_says_how_to_make_it_again(default):
    text = Page((default[0] / "index.html").read_text(encoding="utf-8")).text
    assert "gandyn report --data '0.5*N(-3, 1) + 0.5*N(3, 1)'" in text
    assert f"numpy {np.__version__}" in text and f"gandyn {gandyn.__version__}" in text


@pytest.fixture(scope="session")
def odd(tmp_path_factory):
    """A small report whose data's name is out for mischief: where, its data, its page."""
    path = tmp_path_factory.mktemp("odd") / """<script>alert('é')<|script>&"q".csv"""
    path.write_text("<b>x\n" + "\n".join(map(str, (0.1, -0.5, 2.0, 1.2, 0.7))))
    quoted = str(path).replace('"', '""')
    data = f'samples:"{quoted}"#<b>x'
    index, _ = small(path.parent / "one", data=data)
    return path.parent, data, index.read_text(encoding="utf-8")


@pytest.mark.exhaustive
def test_the_same_command_writes_the_same_page(odd):
    folder, data, _ = odd
    small(folder / "two", data=data)
    files = {path.name for path in (folder / "one").iterdir()}
    assert FILES - {"barriers.png"} <= files
    for file in files:
        assert (folder / "one" / file).read_bytes() == (folder / "two" / file).read_bytes()


@pytest.mark.exhaustive
def test_the_datas_name_is_escaped(odd):
    folder, _, html = odd
    parsed = Page(html)
    assert "<script" not in html and "<b>x" not in html
    assert "<script>alert('é')<|script>&" in parsed.text
    assert results(folder / "one")["summary"]["data"] in parsed.text


def test_a_name_that_does_not_print(tmp_path, only):
    """Control characters, and overrides of direction, which would turn what stands around them."""
    only("end of the flow", "versions")
    path = tmp_path / "x\x1b[2J\u202e\u2067y'.txt"
    path.write_text("1\n2\n3.5\n")
    index, found = small(tmp_path / "page", data=f"samples:{path}")
    html = index.read_text(encoding="utf-8")
    assert html.replace("\n", "").isprintable()
    text = Page(html).text
    assert r"x\x1b[2J\u202e\u2067y'.txt" in text
    assert found["summary"]["data"].endswith("y'.txt")
    assert "<bdi>" in html


@pytest.mark.parametrize("word", ["plain", "a b", "it's", "x\x1b\u202e'\\y", "a\nb", "שלום"])
def test_words_of_the_command_are_read_by_a_shell_as_they_were(word):
    import subprocess

    from gandyn.cli.report import _typed

    typed = _typed(word)
    assert typed.isprintable()
    shell = ["bash", "-c", f"printf %s {typed}"]
    told = subprocess.run(shell, capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}).stdout
    assert told.decode() == word


@pytest.mark.parametrize(
    "changes", [{"samples": 1}, {"frames": -1}, {"replicas": 0}, {"nodes": 1.5}, {"cells": "9"}]
)
def test_settings_are_checked(changes):
    with pytest.raises(InputError, match=f"^{next(iter(changes))}: got "):
        replace(SMALL, **changes)


def test_what_is_infinite_is_shown_as_infinite(tmp_path, only):
    only("end of the flow", "values", "numbers")
    index, found = small(tmp_path, latent="U(-1, 1)", t_end=1.0)
    assert found["summary"]["start"]["kl_data_generator"] == "inf"
    text = Page(index.read_text(encoding="utf-8")).text
    assert "KL(p‖p g ) ∞ ∞" in text
    assert "the potential may rise" in text


def test_the_training_is_the_librarys(default):
    found = results(default[0])["training"]
    steps, replicas = default[1].training_steps, default[1].replicas
    plan = gandyn.Settings(**PLAN, steps=steps, record_every=max(1, steps // 20))
    game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    beside = gandyn.compare(game, plan, 0, replicas)
    assert found["deviation_mean"] == pytest.approx(beside.deviation_mean)
    assert np.array(found["a"]) == pytest.approx(beside.training.theta[..., 0])
    assert json.loads(found["settings"]) == json.loads(plan.to_json())


PLAN = {
    "discriminator": gandyn.MLP((64, 64)),
    "start": (1.0, 0.5),
    "generator_optimizer": gandyn.SGD(0.02),
    "batch": 64,
    "snapshots": 0,
}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"objective": "reverse_kl"}, "the optimal discriminator, as reverse_kl has no loss"),
        ({"objective": "saturating"}, "a learned discriminator, 64 by 64 ReLU units"),
        ({"start": (-1.0, 0.5)}, "There is no comparison here: start: got (-1.0, 0.5)"),
    ],
)
def test_what_the_training_says_of_other_games(tmp_path, options, words, only):
    only("training")
    index, found = small(tmp_path, t_end=1.0, **options)
    assert words in Page(index.read_text("utf-8")).text
    assert ("deviation" in found.get("training", {})) == (tmp_path / "training.png").exists()


def jumps(game):
    raise InputError("game: must have densities without jumps")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"data": "N(2, 1)"}, "With a single attractor there are no barriers"),
        (
            {"objective": "mse", "t_end": 1.0},
            f"Without an attractor there are no barriers|{HATCHED}",
        ),
        pytest.param({"latent": "U(-1, 1)", "t_end": 1.0}, HATCHED, marks=WHOLE),
        ({"jump": True}, "There are no barriers here: game: must have densities without jumps"),
        ({"infinite": True}, "The potential is infinite where the flow rests"),
        pytest.param({"start": (-1.0, 0.5)}, "the thin ones are the ways down", marks=WHOLE),
    ],
)
def test_what_the_landscape_says_of_other_games(tmp_path, monkeypatch, options, words, only):
    only("landscape")
    options = dict(options)
    if options.pop("jump", False):
        monkeypatch.setattr("gandyn.report.landscape.barriers", jumps)
    if options.pop("infinite", False):
        monkeypatch.setattr("gandyn.report.landscape.finite_heights", lambda found: False)
    index, found = small(tmp_path, **options)
    text = Page(index.read_text(encoding="utf-8")).text
    assert all(sentence in text for sentence in words.split("|"))
    there = (tmp_path / "barriers.png").exists()
    assert (
        there == bool(found["landscape"]["barriers"]) == ("no_barriers" not in found["landscape"])
    )
    assert ("vermillion, the flow of this report" in text) == ("start" not in options)


def test_a_landscape_that_cannot_be_computed_is_a_sentence(tmp_path, monkeypatch, only):
    only("landscape")

    def refuse(game):
        raise InputError("game: got <b>, must be another")

    monkeypatch.setattr("gandyn.report.landscape.equilibria", refuse)
    index, found = small(tmp_path)
    html = index.read_text(encoding="utf-8")
    assert "There is no landscape here: game: got &lt;b&gt;, must be another." in html
    assert "landscape" not in found and not (tmp_path / "portrait.png").exists()


@pytest.mark.exhaustive
def test_many_barriers_are_shown_between_neighbours(tmp_path, monkeypatch, only):
    only("landscape")
    monkeypatch.setattr("gandyn.report.landscape._MANY", 2)
    index, found = small(tmp_path)
    text = Page(index.read_text(encoding="utf-8")).text
    assert "Only ways between neighbours" in text and len(found["landscape"]["barriers"]) == 3
    assert "1 to 2" in text and "2 to 3" in text and "1 to 3" not in text


@pytest.mark.parametrize(
    ("data", "options"),
    [
        pytest.param("T(1, 0, 1)", {}, marks=WHOLE),
        pytest.param("N(0, 1)", {"start": (1.0, 0.0)}, marks=WHOLE),
        pytest.param(
            "U(0, 1)", {"objective": "reverse_kl", "t_end": 1.0, "start": (0.1, 0.5)}, marks=WHOLE
        ),
        pytest.param(
            "0.5*N(-3, 1) + 0.5*N(3, 1)",
            {"objective": "mse", "t_end": 3.0, "start": (-1.0, 0.5)},
            marks=WHOLE,
        ),
    ],
)
@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=WHOLE)])
def test_other_games(tmp_path, only, data, options, whole):
    if not whole:
        only(*({name for name, _ in page.SECTIONS} - {"landscape", "training", "theory"}))
    index, found = small(tmp_path, data=data, **options)
    assert index.exists()
    assert found["summary"]["data"] == data


@pytest.mark.exhaustive
def test_many_kernels_are_evaluated_at_fewer_times(tmp_path, only):
    only("values", "force field")
    path = tmp_path / "many.txt"
    path.write_text("\n".join(map(str, np.random.default_rng(0).normal(size=400))))
    index, found = small(tmp_path / "out", data=f"samples:{path}", t_end=1.0)
    assert "potential" not in found["field"] and "potential" in found["values"]
    assert "level lines" not in Page(index.read_text(encoding="utf-8")).text
    game = gandyn.Game(gandyn.parse(f"samples:{path}"))
    assert _affordable(240, game) == 60
    assert _affordable(240, gandyn.Game(gandyn.parse("N(0, 1)"))) == 240


def test_an_interrupted_report_leaves_nothing(tmp_path):
    def impatient(fraction, name):
        if name == "values":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(tmp_path / "deep" / "out", progress=impatient)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_report_leaves_the_last_one(tmp_path, only):
    only("moments", "parameters")
    (tmp_path / "index.html").write_text("old")

    def impatient(fraction, name):
        if name == "parameters":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(tmp_path, progress=impatient)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "old"


def test_a_folder_where_a_file_is_to_be(tmp_path):
    (tmp_path / "index.html").mkdir()
    with (
        pytest.raises(InputError, match="a folder named"),
        staged_folder(tmp_path) as stage,
    ):
        (stage / "index.html").write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_a_claim_that_is_not_there_is_bad_input_and_leaves_nothing(tmp_path, only):
    only("theory")
    wrong = replace(SMALL, claims=("no-such-claim",))
    with pytest.raises(InputError, match="only"):
        small(tmp_path / "out", settings=wrong, t_end=1.0)
    assert list(tmp_path.iterdir()) == []


def test_numbers_for_readers():
    assert short(2.681227) == "2.6812"
    assert short(-3.1e-20) == "−3.1&nbsp;×&nbsp;10<sup>−20</sup>"
    assert short(float("inf")) == "∞" and short(-float("inf")) == "−∞"
    assert short(float("nan")) == "—"
    assert with_error(1.23456789, 1e-3).startswith("1.235 <small")
    assert with_error(1e-15, 2e-15).startswith("0 <small")
    assert with_error(float("inf"), 0.0) == "∞"

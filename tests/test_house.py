"""The pages about the house speak of files and names that there are."""

import re
import tomllib
from pathlib import Path

import pytest

import gandyn

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", "DESIGN.md", "CHANGELOG.md"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def text_of(name):
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_are_there(page):
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", text_of(page))
    named = re.findall(r"`((?:gandyn|tests|analysis|\.ci)/[^` *…]*)`", text_of(page))
    missing = [name for name in [*linked, *named] if not (ROOT / name).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_names_that_are_cited_are_there(page):
    for name in re.findall(r"`gandyn\.([\w.]+)`", text_of(page)):
        thing = gandyn
        for part in name.split("."):
            thing = getattr(thing, part, None) or __import__(
                f"{thing.__name__}.{part}", fromlist=["_"]
            )


def test_recipes():
    """Each of the seven tells its files and the test that takes it."""
    recipes = re.split(r"\n### ", text_of("CONTRIBUTING.md"))[1:]
    titles = [recipe.splitlines()[0] for recipe in recipes]
    kinds = "objective", "generator", "distribution", "claim", "picture", "command", "study"
    assert [title.split()[-1] for title in titles] == list(kinds)
    for recipe in recipes:
        assert "`tests/" in recipe


def test_licence_and_citation():
    assert "BSD 3-Clause" in text_of("LICENSE") and "the gandyn authors" in text_of("LICENSE")
    assert PROJECT["license"] == "BSD-3-Clause"
    cited = text_of("CITATION.cff")
    assert "cff-version: 1.2.0" in cited and "license: BSD-3-Clause" in cited


def test_the_version_stands_in_one_place():
    assert PROJECT["dynamic"] == ["version"] and "version" not in PROJECT
    assert "version:" not in re.sub("cff-version:", "", text_of("CITATION.cff"))
    assert re.fullmatch(r"\d+\.\d+\.\d+", gandyn.__version__)


def test_the_core_requires_numpy_and_scipy_alone():
    assert [re.split("[>=]", name)[0] for name in PROJECT["dependencies"]] == ["numpy", "scipy"]

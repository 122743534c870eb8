"""Every public function has an example in its docstring, and every example runs."""

import doctest
import inspect

import numpy as np
import pytest

import gandyn
from tests.sweeps import sweep

READY = {"gandyn": gandyn, "np": np, "plots": gandyn.plots}
"""What an example may take as imported, as `gandyn.__doc__` says."""

HOMES = [gandyn, gandyn.objectives, gandyn.plots, gandyn.report]
PUBLIC = {
    f"{home.__name__}.{name}": getattr(home, name)
    for home in HOMES
    for name in home.__all__
    if callable(getattr(home, name))
}
FUNCTIONS = {name: thing for name, thing in PUBLIC.items() if inspect.isfunction(thing)}
EXAMPLES = {
    test.name: test
    for thing in PUBLIC.values()
    for test in doctest.DocTestFinder(exclude_empty=True).find(
        thing, f"{thing.__module__}.{thing.__qualname__}", extraglobs=READY
    )
    if test.examples
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_an_example(name):
    doc = inspect.getdoc(FUNCTIONS[name]) or ""
    assert "\nExamples\n--------\n" in doc and ">>> " in doc, f"{name} has no example"


DEAR = {
    "gandyn.report.page.write_report",
    "gandyn.landscape.diagram.phase_diagram",
    "gandyn.landscape.manifolds.separatrices",
    "gandyn.landscape.mountain_passes.barriers",
    "gandyn.plots.barrier_tree.draw_barrier_tree",
    "gandyn.plots.barrier_tree.draw_paths",
}
"""A second or more each, of functions that many tests of the plain run call."""


def test_dear_examples_are_there():
    assert set(EXAMPLES) >= DEAR


@pytest.mark.parametrize("name", sweep(EXAMPLES, lambda name: name not in DEAR))
def test_examples_run(name):
    said = []
    found = doctest.DocTestRunner().run(EXAMPLES[name], out=said.append)
    assert not found.failed, "".join(said)

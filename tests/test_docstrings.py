"""Every public function has an example in its docstring, and every example runs."""

import doctest
import inspect

import numpy as np
import pytest

import gandyn

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


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name):
    said = []
    found = doctest.DocTestRunner().run(EXAMPLES[name], out=said.append)
    assert not found.failed, "".join(said)

"""Results: equal part by part, and a success where the status says so."""

import pickle
from dataclasses import dataclass

import numpy as np

from gandyn.system.results import Result, columns


@dataclass(frozen=True, eq=False)
class Found(Result):
    values: np.ndarray
    parts: tuple
    status: int


def test_equal_part_by_part():
    one = Found(np.array([1.0, np.nan]), (2.0, (np.array([1, 2]), "x"), float("nan")), 0)
    assert pickle.loads(pickle.dumps(one)) == one
    assert one != Found(one.values, (2.0, (np.array([1, 3]), "x"), float("nan")), 0)
    assert one != Found(one.values[:1], one.parts, 0)
    assert one != Found(one.values, one.parts[:2], 0)
    assert one != Found(one.values, one.parts, 1)
    assert one != "another thing"


def test_success():
    assert [Found(np.ones(1), (), status).success for status in (-1, 0, 1)] == [False, True, True]


def test_states_by_column():
    two, three = np.arange(6.0).reshape(3, 2), np.zeros((2, 3))
    assert {name: part.tolist() for name, part in columns(two).items()} == {
        "a": [0.0, 2.0, 4.0],
        "b": [1.0, 3.0, 5.0],
    }
    assert list(columns(three)) == ["theta"] and columns(three)["theta"] is three

"""Settings: one line for every bad value, and a text that tells any two apart."""

import json
from dataclasses import fields

import numpy as np
import pytest

from gandyn import InputError, objective
from gandyn.montecarlo.networks import MLP
from gandyn.montecarlo.optimizers import SGD, Adam, Momentum, RMSProp
from gandyn.montecarlo.settings import ARTICLE, OPTIMAL, Settings, article

NAN, INF = float("nan"), float("inf")

BAD_MLP = [
    ("widths", [(), (0,), (-3,), (4, 0), [4], 4, None, "44", (4.0,), (True,), (NAN,)]),
    ("activation", ["sigmoid", "ReLU", "", None, 1]),
    ("initial", ["xavier", "Article", None, 0]),
    ("l2", [-1e-9, NAN, INF, "0.1", None, True, 1j]),
    ("dropout", [-0.1, 1.0, 1.5, NAN, INF, "0.5", None, False]),
    ("dropout_when", ["never", "Always", None, True]),
]

BAD_SETTINGS = [
    ("discriminator", ["best", "Optimal", None, 3, SGD(0.1), MLP, objective("mse"), np.ones(2)]),
    ("start", [(NAN, 0.0), (1.0, INF), "ab", "", 1.0, [[1.0, 0.0]], {"a": 1}]),
    ("generator_l2", [-1e-9, NAN, INF, "0.1", None, True]),
    ("batch", [10**400, -(10**400), 0, -1, 1.5, 32.0, NAN, "32", None, True]),
    ("steps", [0, -1, 1e3, NAN, "10", None]),
    ("k", [0, -2, 1.0, NAN, None]),
    ("generator_steps", [0, -2, 1.0, NAN, None]),
    ("order", ["alternating", "Article", None, 1]),
    ("discriminator_optimizer", ["adam", 0.01, None, Adam]),
    ("generator_optimizer", ["sgd", 0.01, None, SGD]),
    ("dtype", ["float16", "double", np.float32, None, float]),
    ("record_every", [0, -1, 1.0, NAN, None]),
    ("snapshots", [-1, 1.0, NAN, None]),
]


def cases(table):
    return [(name, value) for name, values in table for value in values]


def check_message(error, name, value):
    text = str(error.value)
    assert text.startswith(f"{name}: got ")
    assert " must be " in text
    assert "\n" not in text
    assert len(text) < 250


@pytest.mark.parametrize(("name", "value"), cases(BAD_MLP), ids=repr)
def test_bad_networks(name, value):
    with pytest.raises(InputError) as error:
        MLP(**{name: value})
    check_message(error, name, value)


@pytest.mark.parametrize(("name", "value"), cases(BAD_SETTINGS), ids=repr)
def test_bad_settings(name, value):
    with pytest.raises(InputError) as error:
        Settings(**{name: value})
    check_message(error, name, value)


def test_numbers_of_numpy_and_lists_are_taken():
    settings = Settings(
        batch=np.int64(8),
        start=[2, -1],
        discriminator=MLP((np.int32(3),), l2=np.float64(0.1), dropout=np.float32(0.5)),
        generator_optimizer=SGD(np.float32(0.5)),
    )
    plain = Settings(
        batch=8,
        start=(2.0, -1.0),
        discriminator=MLP((3,), l2=0.1, dropout=0.5),
        generator_optimizer=SGD(0.5),
    )
    assert settings.start == (2.0, -1.0)
    assert settings.to_json() == plain.to_json()
    assert settings == plain


def test_only_by_keyword():
    with pytest.raises(TypeError):
        Settings(MLP((3,)))


OTHERS = {
    "discriminator": MLP((5, 5)),
    "start": (1.0, 1e-9),
    "generator_l2": 1e-4,
    "batch": 33,
    "steps": 1001,
    "k": 2,
    "generator_steps": 2,
    "order": "article",
    "discriminator_optimizer": Adam(0.01, epsilon=1e-7),
    "generator_optimizer": Adam(0.02, beta1=0.5),
    "dtype": "float64",
    "record_every": 21,
    "snapshots": 99,
}


def test_json_is_equal_for_equal_settings():
    assert Settings().to_json() == Settings().to_json() == Settings(**vars(Settings())).to_json()
    assert json.loads(Settings().to_json())["batch"] == 32


def test_json_of_whole_numbers():
    one, other = (
        Settings(discriminator=MLP((3,), l2=l2), generator_optimizer=SGD(rate))
        for l2, rate in ((0, 1), (0.0, 1.0))
    )
    assert one == other
    assert one.to_json() == other.to_json()
    assert json.loads(Settings(generator_optimizer=SGD(0.1)).to_json()) == {
        **json.loads(Settings().to_json()),
        "generator_optimizer": {"kind": "SGD", "rate": 0.1},
    }


def test_json_tells_settings_apart():
    assert set(OTHERS) == {f.name for f in fields(Settings)}
    texts = {Settings().to_json()} | {
        Settings().changed(**{name: value}).to_json() for name, value in OTHERS.items()
    }
    assert len(texts) == len(OTHERS) + 1


def test_json_tells_networks_apart():
    others = {
        "widths": (256, 255),
        "activation": "tanh",
        "initial": "he",
        "l2": 1e-9,
        "dropout": 0.1,
        "dropout_when": "always",
    }
    assert set(others) == {f.name for f in fields(MLP)}
    plans = [MLP(), *(MLP(**{name: value}) for name, value in others.items())]
    assert len({Settings(discriminator=plan).to_json() for plan in plans}) == len(others) + 1


def test_json_tells_optimizers_apart():
    rules = [SGD(0.1), SGD(0.2), Momentum(0.1), Momentum(0.1, 0.8), Momentum(0.1, nesterov=True)]
    rules += [RMSProp(0.1), RMSProp(0.1, 0.9), RMSProp(0.1, epsilon=1e-6)]
    rules += [Adam(0.1), Adam(0.1, 0.8), Adam(0.1, beta2=0.9), Adam(0.1, epsilon=1e-6)]
    for player in ("discriminator_optimizer", "generator_optimizer"):
        assert len({Settings(**{player: rule}).to_json() for rule in rules}) == len(rules)


@pytest.mark.parametrize(
    ("k", "order", "expected"),
    [
        (1, "algorithm1", (1, 0)),
        (5, "algorithm1", (5, 0)),
        (1, "article", (1, 0)),
        (2, "article", (1, 1)),
        (3, "article", (1, 1)),
        (5, "article", (2, 2)),
        (20, "article", (10, 10)),
    ],
)
def test_steps_of_the_discriminator(k, order, expected):
    assert Settings(k=k, order=order).before_and_after == expected
    assert Settings(k=k, order=order, discriminator=OPTIMAL).before_and_after == (0, 0)


@pytest.mark.parametrize(
    ("version", "l2", "dropout"),
    [("plain", 0.0, 0.0), ("l2", 5e-4, 0.0), ("dropout", 0.0, 0.5), ("l2_dropout", 5e-4, 0.5)],
)
def test_article(version, l2, dropout):
    settings = article(version)
    plan = settings.discriminator
    assert plan == MLP((256, 256), "relu", "article", l2, dropout, "always")
    assert settings.discriminator_optimizer == Adam(0.01, 0.9, 0.999)
    assert settings.generator_optimizer == Adam(0.02, 0.9, 0.999)
    assert (settings.batch, settings.order, settings.start) == (32, "article", None)
    assert version in ARTICLE


def test_article_with_changes():
    settings = article("l2", steps=7, k=4, discriminator=MLP((3,)))
    assert (settings.steps, settings.k, settings.discriminator) == (7, 4, MLP((3,)))
    with pytest.raises(InputError, match=r"^version: got 'l3', must be one of plain, l2,"):
        article("l3")

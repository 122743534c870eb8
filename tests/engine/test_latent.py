"""The engine on the latent line, against mpmath and against the panels; folds."""

import mpmath as mp
import numpy as np
import pytest
import scipy.stats as st

import gandyn
from gandyn import HermiteGenerator
from gandyn.engine.latent import LatentEngine
from gandyn.engine.panels import PanelEngine
from tests.sweeps import sweep
from tests.users import Square

TWO = gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)")
MONOTONE = np.array([[3.0, 1.0, 0.0, 0.0], [0.5, 1.5, 0.05, 0.1], [-2.0, 0.8, -0.1, 0.15]])
WEIGHTS = {
    "nonsaturating": lambda ell: 1 / (1 + mp.exp(ell)),
    "saturating": lambda ell: 1 / (1 + mp.exp(-ell)),
    "reverse_kl": lambda ell: mp.mpf(1),
}


def oracle(theta, name, place=0.0, width=1.0):
    """The force with thirty digits, by the trapezoidal rule in u, z = place + width sinh u."""
    with mp.workdps(30):
        coefficients = [mp.mpf(float(value)) for value in theta]
        degree = len(theta) - 1
        total = [mp.mpf(0)] * (degree + 1)
        last = int(160 * mp.asinh(14 / width))
        for i in range(-last, last + 1):
            u = mp.mpf(i) / 160
            z = place + width * mp.sinh(u)
            h = [mp.mpf(1), z]
            for k in range(1, degree):
                h.append((z * h[k] - mp.sqrt(k) * h[k - 1]) / mp.sqrt(k + 1))
            jet = [
                sum(
                    c * mp.sqrt(mp.ff(k, order)) * h[k - order]
                    for k, c in enumerate(coefficients)
                    if k >= order
                )
                for order in range(3)
            ]
            left, right = (mp.exp(-((jet[0] - m) ** 2) / 2) for m in (-3, 3))
            score = ((-3 - jet[0]) * left + (3 - jet[0]) * right) / (left + right)
            q = mp.exp(-z * z / 2)
            ell = mp.log((left + right) / 2 / q * abs(jet[1]))
            push = q * WEIGHTS[name](ell) * (score + (z + jet[2] / jet[1]) / jet[1])
            for k in range(degree + 1):
                total[k] += push * h[k] * width * mp.cosh(u)
        return np.array([float(t / 160 / mp.sqrt(2 * mp.pi)) for t in total])


def engines(name, degree=3, data=TWO):
    game = gandyn.Game(data, HermiteGenerator(degree), name)
    panels = PanelEngine(game.data, game.generator, game.objective)
    return LatentEngine(panels), panels


@pytest.mark.parametrize("name", sweep(WEIGHTS, lambda name: name == "nonsaturating"))
def test_force_and_its_error_against_thirty_digits(name):
    found = engines(name)[0].force(MONOTONE)
    assert found.converged.all()
    for value, error, theta in zip(found.value.T, found.error.T, MONOTONE, strict=True):
        exact = oracle(theta, name)
        assert (np.abs(value - exact) <= error + 1e-16).all()
        assert (error <= 1e-11 * np.abs(exact).max()).all()


@pytest.mark.parametrize("name", ["forward_kl", "hellinger", "alpha(0.3)", "mse"])
def test_force_against_the_panels(name):
    latent, panels = engines(name)
    ours, theirs = latent.force(MONOTONE), panels.force(MONOTONE)
    assert ours.value == pytest.approx(theirs.value, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("name", ["nonsaturating", "saturating", "hellinger", "reverse_kl"])
def test_jacobian_and_potential(name):
    """The Jacobian is symmetric and that of the force; the force is minus a gradient."""
    game = gandyn.Game(TWO, HermiteGenerator(3), name)
    assert isinstance(game.engine, LatentEngine)
    h, rule = 1e-3, ((3 / 4, 1), (-3 / 20, 2), (1 / 60, 3))

    def rates(of):
        return sum(
            w * (of(MONOTONE[1] + k * h * np.eye(4)) - of(MONOTONE[1] - k * h * np.eye(4)))
            for w, k in rule
        ) / h  # fmt: skip

    jacobian = game.jacobian(MONOTONE[1])
    assert jacobian == pytest.approx(rates(game.force), abs=1e-7)
    assert jacobian == pytest.approx(jacobian.T, abs=1e-10)
    assert game.force(MONOTONE[1]) == pytest.approx(-rates(game.potential), abs=1e-9)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", WEIGHTS)
def test_next_to_a_fold_errors_are_those_of_terms_that_cancel(name):
    """G' = 1e-6 + 1.2 (z − ½)²: no error is below a third of the truth or far above it."""
    theta = np.array([0.5, 1.5 + 1e-6, -1.2 / np.sqrt(2.0), 1.2 * np.sqrt(6.0) / 3.0])
    found = engines(name)[0].force(theta[None])
    off = np.abs(found.value[:, 0] - oracle(theta, name, 0.5, 1e-3))
    assert found.converged.all()
    assert (off <= 3 * found.error[:, 0]).all() and found.error.max() < 100 * off.max()


def test_next_to_a_fold_the_force_goes_with_the_root():
    """G' = ε + 1.2 (z − ½)²: the push that opens it is like ε^(−½)."""
    latent, _ = engines("nonsaturating")
    sizes = []
    for least in (1e-4, 1e-6):
        theta = np.array([0.5, 1.5 + least, -1.2 / np.sqrt(2.0), 1.2 * np.sqrt(6.0) / 3.0])
        found = latent.force(theta[None])
        assert found.converged.all()
        sizes.append(np.abs(found.value).max())
    assert sizes[1] / sizes[0] == pytest.approx(10.0, rel=0.02)


@pytest.mark.parametrize(
    "name", ["nonsaturating", "saturating", "reverse_kl", "forward_kl", "hellinger", "jeffreys"]
)
def test_at_a_fold_there_is_no_force(name):
    """κ ≤ 1: the least that turns is pushed up without bound, and nothing says converged."""
    game = gandyn.Game(TWO, HermiteGenerator(2), name)
    found = game.engine.force(np.array([[0.0, 1.0, 0.3], [0.0, 1.0, -0.3]]))
    assert not found.converged.any()
    assert found.value[0].tolist() == [np.inf, -np.inf]  # one minimum; one maximum
    flow = gandyn.gradient_flow(game, [0.0, 1.0, 0.3], (0, 1))
    assert not flow.success and "not finite" in flow.message


def test_two_folds_that_pull_both_ways_have_no_direction():
    game = gandyn.Game(TWO, HermiteGenerator(3), "saturating")
    assert np.isnan(game.force([0.0, 2.5, 0.0, -0.4])[0])


def by_mpmath(low, high, density, theta):
    """The non-saturating force of g z² + h on N(0, 1), 0 ≤ low, by integrals over the latent."""
    g, h = (mp.mpf(t) for t in theta)

    def push(z):
        ell = mp.log(mp.npdf(g * z * z + h)) - mp.log(density(z) / (2 * g * z))
        slope = -(g * z * z + h) - (mp.diff(density, z) / density(z) - 1 / z) / (2 * g * z)
        return density(z) * slope / (1 + mp.exp(ell))

    cuts = [mp.mpf(low), *(low + (high - low) * mp.mpf(10) ** -k for k in (9, 6, 3, 1)), high]
    return [float(mp.quad(lambda z, k=k: push(z) * z**k, cuts)) for k in (2, 0)]


@pytest.mark.parametrize(
    ("latent", "density", "ends"),
    [
        (gandyn.Uniform(0.05, 1), lambda z: mp.mpf(20) / 19, (mp.mpf("0.05"), 1)),
        (gandyn.from_scipy(st.rayleigh()), lambda z: z * mp.exp(-z * z / 2), (0, 9)),
    ],
    ids=["just beyond the end", "at an end without density"],
)
def test_no_fold_where_the_latent_has_no_density(latent, density, ends):
    found = gandyn.Game(gandyn.Normal(0, 1), Square(latent)).engine.force(np.array([[1.0, 0.3]]))
    assert found.converged.all()
    exact = np.array(by_mpmath(*ends, density, (1.0, "0.3")))
    assert (np.abs(found.value[:, 0] - exact) <= found.error[:, 0] + 1e-13 * np.abs(exact)).all()


def test_what_a_fold_does_not_push_is_finite():
    """∂G/∂g = z² is 0 at the fold of g z² + h, ∂G/∂h = 1 is not."""
    found = gandyn.Game(gandyn.Normal(0, 1), Square()).engine.force(np.array([[0.5, 0.3]]))
    exact = by_mpmath(0, 10, lambda z: 2 * mp.npdf(z), (0.5, "0.3"))[0]
    assert (
        found.value[0, 0] == pytest.approx(exact, abs=found.error[0, 0]) and found.error[0] < 1e-11
    )
    assert found.value[1, 0] == np.inf and not found.converged.any()


def test_a_stack_takes_this_way_as_its_states_do_alone(monkeypatch):
    """As many nodes for each, however long the stack, and no help from a slower way."""
    rng = np.random.default_rng(5)
    theta = MONOTONE[1] + 0.002 * rng.normal(size=(300, 4))
    engine, _ = engines("nonsaturating")
    for kind, name in ((PanelEngine, "force"), (LatentEngine, "_adapted")):
        monkeypatch.setattr(kind, name, lambda *_, **__: pytest.fail("went another way"))
    found = engine.force(theta)
    alone = [engine.force(row[None]) for row in theta[::37]]
    assert found.nodes[::37].tolist() == [one.nodes[0] for one in alone]
    assert found.value[:, ::37] == pytest.approx(np.hstack([one.value for one in alone]), rel=1e-12)

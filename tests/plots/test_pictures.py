"""Every picture draws into the axes it is given, labels them, and leaves no trace elsewhere."""

import math

import numpy as np
import pytest
from scipy import stats

import gandyn
from gandyn import plots
from gandyn.errors import InputError


def drawn(draw, *shape, size=(5.6, 3.4)):
    """Call draw(axes), render the figure, and check what holds for every picture."""
    with plots.style():
        figure = plots.new_figure(size)
        axes = figure.subplots(*shape)
        result = draw(axes)
        figure.canvas.draw()
    first = np.ravel(np.asarray(axes, dtype=object))[0]
    shown = np.ravel(np.asarray(axes, dtype=object))
    assert any(ax.get_xlabel() for ax in shown)
    assert first.get_ylabel()
    renderer = figure.canvas.get_renderer()
    for ax in shown:
        if ax.get_legend() is not None:
            legend = ax.get_legend().get_window_extent(renderer)
            assert legend.y0 >= ax.get_window_extent(renderer).y1 - 1, "legend over the curves"
            assert legend.x0 >= 0
            assert legend.x1 <= figure.bbox.x1
    return axes, result


def test_densities(game):
    axes, (left, right) = drawn(lambda ax: plots.draw_densities(ax, plots.moment(game, (1, 0.5))))
    assert left is axes
    assert left.get_yscale() == "linear"
    assert right.get_ylim()[0] == 0.0
    assert 1.0 < right.get_ylim()[1] < 1.2


def test_densities_of_very_unlike_heights_get_a_logarithmic_axis(narrow_game):
    moment = plots.moment(narrow_game, (1.0, 0.5))
    peak = 1e3 / math.sqrt(2 * math.pi)
    assert moment.data.max() == pytest.approx(peak, rel=1e-3)
    _, (left, _) = drawn(lambda ax: plots.draw_densities(ax, moment))
    assert left.get_yscale() == "log"
    low, high = left.get_ylim()
    assert low < 0.05 * moment.generated.max()
    assert peak < high


def test_a_low_broad_mode_beside_a_sharp_one_is_not_hidden():
    x = np.linspace(-4, 6, 4001)
    sharp = 0.5 * np.exp(-0.5 * ((x + 3) / 0.01) ** 2) / 0.01
    data = (sharp + 0.5 * np.exp(-0.5 * (x - 3) ** 2)) / math.sqrt(2 * math.pi)
    scale = plots.density_scale([plots.Moment(x, data, data, np.full_like(x, 0.5))])
    assert scale.log
    assert scale.low < 0.1


def test_a_jump_of_the_discriminator_is_drawn_upright(jumping_game):
    moment = plots.moment(jumping_game, (1.0, 2.0))
    steps = np.abs(np.diff(moment.discriminator))
    widths = np.diff(moment.x)[steps > 0.1]
    assert widths.size == 2
    assert widths.max() < 1e-3
    drawn(lambda ax: plots.draw_densities(ax, moment))


def test_the_grid_follows_steep_curves(narrow_game):
    moment = plots.moment(narrow_game, (1.0, 0.5))
    for curve in (moment.data, moment.generated, moment.discriminator):
        assert np.abs(np.diff(curve)).max() <= 0.0201 * curve.max()
    assert np.all(np.diff(moment.x) > 0)


def test_the_window_holds_the_bulk_and_cuts_heavy_tails(make):
    low, high = plots.window(make(stats.norm(0, 1)), make(stats.norm(5, 2)))
    assert -5 < low < -2.9
    assert 10.5 < high < 12.5
    low, high = plots.window(make(stats.cauchy(0, 1)))
    assert 5 < high < 20
    assert low == pytest.approx(-high)


def test_moments_share_their_axes(game, path):
    some = plots.moments(game, path.theta[[0, 30, 60]], ["t = 0", "t = 5", "t = 1000"])
    axes, result = drawn(lambda axes: plots.draw_moments(axes, some), 2, 2)
    assert result is axes
    assert [ax.get_title() for ax in axes.flat[:3]] == ["t = 0", "t = 5", "t = 1000"]
    assert axes[0, 0].get_ylim() == axes[1, 0].get_ylim()
    assert axes[0, 0].get_xlim() == axes[0, 1].get_xlim()
    assert not axes[1, 1].get_visible()


def test_trajectory(path):
    ax, result = drawn(
        lambda ax: plots.draw_trajectory(ax, path.t, path.theta, data_std=1.0, data_mean=2.0)
    )
    assert result is ax
    assert ax.get_xscale() == "symlog"


def test_trajectory_of_many_flows_with_negative_a(path):
    lanes = np.stack([path.theta, path.theta * [-1, 1]])
    ax, _ = drawn(lambda ax: plots.draw_trajectory(ax, path.t, lanes))
    assert "|a|(t)" in [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("t", [[0.0], np.linspace(0, 10, 50)])
def test_trajectory_at_rest_is_linear(t):
    ax, _ = drawn(lambda ax: plots.draw_trajectory(ax, t, np.ones((len(t), 2))))
    assert ax.get_xscale() == "linear"


def test_values(path):
    axes, result = drawn(
        lambda axes: plots.draw_values(
            axes, path.t, path.value, path.jsd, path.potential, objective="nonsaturating"
        ),
        2,
        size=(5.6, 4.6),
    )
    assert result is axes
    labels = {text.get_text() for text in axes[0].texts}
    assert labels == {"log 2", "0", "−2 log 2"}
    low, high = axes[0].get_ylim()
    assert low < -2 * math.log(2)
    assert high > math.log(2)
    assert axes[1].get_yscale() == "log"


def test_an_infinite_potential_is_left_out(path):
    heights = np.where(path.t < 1, np.inf, path.potential)
    ax, _ = drawn(lambda ax: plots.draw_potential(ax, path.t, heights))
    assert np.isfinite(ax.get_ylim()).all()
    drawn(lambda ax: plots.draw_potential(ax, path.t, np.full_like(path.t, np.inf)))


def _wild_field(a, b):
    """Towards (2, 0), of size 1e-50 to 1e4, and unknown in a corner."""
    grid_a, grid_b = np.meshgrid(a, b)
    size = 10.0 ** (-50 + 54 * np.exp(-((grid_b / 4) ** 2)))
    angle = np.arctan2(-grid_b, 2 - grid_a)
    force = np.stack([size * np.cos(angle), size * np.sin(angle)], axis=-1)
    force[:2, :2] = np.nan
    force[-1, -1] = 0.0
    return force


def test_field(path):
    a, b = np.linspace(0.1, 3, 20), np.linspace(-9, 9, 24)
    force = _wild_field(a, b)
    height = np.hypot(*np.meshgrid(a - 2, b))
    ax, result = drawn(
        lambda ax: plots.draw_field(
            ax, a, b, force, flows=[path.theta], potential=height, marks={"optimum": (2, 0)}
        ),
        size=(5.6, 4.4),
    )
    assert result is ax
    (bar,) = [other for other in ax.figure.axes if other is not ax]
    low, high = bar.get_ylim()
    assert -50.1 < low < -40
    assert 3 < high < 4.1


def test_field_without_any_force():
    a, b = np.linspace(0.1, 3, 5), np.linspace(-1, 1, 6)
    drawn(lambda ax: plots.draw_field(ax, a, b, np.zeros((6, 5, 2))))


@pytest.mark.parametrize(
    ("a", "shape", "name"),
    [([1, 2, 4], (2, 3, 2), "a"), ([3, 2, 1], (2, 3, 2), "a"), ([1, 2, 3], (3, 2, 2), "force")],
)
def test_field_refuses_what_it_cannot_draw(a, shape, name):
    with plots.style():
        ax = plots.new_figure().subplots()
    with pytest.raises(InputError, match=f"^{name}: got"):
        plots.draw_field(ax, a, [0, 1], np.ones(shape))


def test_arrows(game, path):
    z = np.linspace(-2, 2, 15)
    states = path.theta[[0, 20, 40, 60]]
    some = plots.moments(game, states, ["0", "1", "2", "3"])
    images = [a * z + b for a, b in states]
    axes, result = drawn(lambda axes: plots.draw_arrow_moments(axes, some, z, images), 2, 2)
    assert result is axes
    arrows = [text for text in axes[0, 0].texts if text.get_text() == ""]
    assert len(arrows) >= z.size


def test_lines():
    d = np.linspace(1, 30, 50)
    gap = np.exp(-(d**2) / 8)
    curves = [
        plots.Curve(d, gap, "saturating", plots.objective_cue("saturating")),
        plots.Curve(d, gap / d, "its law", plots.objective_cue("saturating"), law=True),
        plots.Curve(d, np.zeros_like(d), "zero", plots.Cue(plots.ramp(3)[1])),
    ]
    ax, result = drawn(
        lambda ax: plots.draw_lines(
            ax, curves, xlabel="distance", ylabel="gap", yscale="log", bounds={"one": 1.0}
        )
    )
    assert result is ax
    assert ax.get_yscale() == "log"


def test_fits():
    x = np.linspace(-5, 5, 100)
    p = np.exp(-(x**2))
    fits = {"forward_kl": p / 2, "reverse_kl": p / 3}
    ax, result = drawn(lambda ax: plots.draw_fits(ax, x, p, fits, labels={"reverse_kl": "seeks"}))
    assert result is ax
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["p, data", "forward_kl", "seeks"]


def test_pictures_of_far_places_are_about_a_round_number():
    game = gandyn.Game(gandyn.parse("0.5*N(9999999997, 1) + 0.5*N(10000000003, 1)"))
    flow = gandyn.gradient_flow(game, [1.0, 1e10 + 0.5], (0.0, 5.0), t_eval=[0.0, 1.0, 5.0])
    ax = plots.draw_trajectory(plots.new_figure().subplots(), flow.t, flow.theta, data_mean=1e10)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[:2] == ["a(t)", "b(t) − 10000000000"] and abs(np.array(ax.get_ylim())).max() < 5
    a, b = np.linspace(0.5, 3.0, 5), 1e10 + np.linspace(-4.0, 4.0, 5)
    force = game.force(np.stack(np.meshgrid(a, b), axis=-1))
    ax = plots.draw_field(plots.new_figure().subplots(), a, b, force)
    assert ax.get_ylabel() == "b (place) − 10000000000"
    assert ax.yaxis.get_major_formatter()(1e10 + 2.0, 0) == "2"

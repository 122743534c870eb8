"""The pictures of Monte-Carlo training, drawn from arrays of known shape and size."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.patches import StepPatch
from PIL import Image
from scipy import optimize, special, stats

from gandyn import plots
from gandyn.errors import InputError
from gandyn.plots import colours
from tests.plots import wells
from tests.plots.test_colours import SIGHT, lab, linear
from tests.plots.test_landscape_pictures import (
    drawn,
    legend,
    lines_in,
    marks,
    written,
)

STEP = np.arange(0, 1001, 20)
KINDS = ("plain", "L2", "dropout", "L2 + dropout")
few = settings(max_examples=15, derandomize=True, deadline=None)


def bare():
    with plots.style():
        return plots.new_figure().subplots()


def noisy(seed, replicas=16, size=0.05):
    noise = np.random.default_rng(seed).normal(size=(replicas, STEP.size))
    return 0.5 + 0.4 * np.exp(-STEP / 150) + size * noise


def family():
    return {kind: noisy(seed) for seed, kind in enumerate(KINDS)}


def bands(ax):
    """Lower and upper border at each vertex of each band."""
    return [
        np.concatenate([path.vertices for path in c.get_paths()])
        for c in ax.collections
        if c.get_paths()
    ]


# Colours


@pytest.mark.parametrize("sight", SIGHT)
def test_discriminators_and_training_can_be_told_apart(sight):
    cues = [colours.discriminator_cue(kind) for kind in KINDS]
    assert len({str(cue.linestyle) for cue in cues}) == 4
    for a, b in combinations(cues, 2):
        assert np.linalg.norm(lab(a.colour, sight) - lab(b.colour, sight)) >= 40
    near = lab(colours.TRAINING.colour, sight)
    for other in (colours.DATA, colours.GENERATED, colours.DISCRIMINATOR, colours.REFERENCE):
        assert np.linalg.norm(near - lab(other.colour, sight)) >= 35


def test_training_can_be_seen_on_every_fill_and_discriminators_on_white():
    light = np.array([0.2126, 0.7152, 0.0722])
    for fill in colours._FILLS:
        of_fill, of_line = light @ linear(fill), light @ linear(colours.TRAINING.colour)
        assert (of_fill + 0.05) / (of_line + 0.05) >= 3.0
    for kind in KINDS:
        assert 1.05 / (light @ linear(colours.discriminator_cue(kind).colour) + 0.05) >= 3.0


def test_causes_differ_in_lightness_alone():
    shades = [lab(c, "all colours")[0] for c in [*colours._CAUSES.values(), "#FFFFFF"]]
    assert np.diff(np.sort(shades)).min() >= 15
    assert colours.cause_fill("something else") == colours._OTHER_CAUSE
    assert colours.discriminator_cue("l2_dropout") == colours.discriminator_cue("L2 + dropout")
    assert colours.discriminator_cue("something else") == colours.TRAINING


# Series of replicas


def test_steps_are_written_out():
    steps = np.arange(0, 40_001, 500)
    ax = drawn(lambda ax: plots.draw_replicas(ax, steps, {"plain": [steps]}, ylabel="mean of D"))
    labels = [text.get_text() for text in ax.get_xticklabels()]
    assert labels == ["0", "10,000", "20,000", "30,000", "40,000"]
    assert ax.xaxis.get_offset_text().get_text() == ""
    assert ax.get_xlabel() == "training step"


def test_replicas_show_the_median_and_the_band():
    curves = family()
    ax = drawn(
        lambda ax: plots.draw_replicas(
            ax, STEP, curves, ylabel="mean of D", target={"½": 0.5}, title="D on real data"
        ),
        size=(5.6, 3.4),
    )
    assert legend(ax) == [*KINDS, "10–90 % of replicas"]
    assert written(ax) == ["½"]
    for kind, outline in zip(KINDS, bands(ax), strict=True):
        (line,) = lines_in(ax, colours.discriminator_cue(kind).colour)
        assert line.get_ydata() == pytest.approx(np.median(curves[kind], axis=0))
        for column in (0, 17, STEP.size - 1):
            edge = outline[outline[:, 0] == STEP[column], 1]
            wanted = np.quantile(curves[kind][:, column], [0.1, 0.9])
            assert [edge.min(), edge.max()] == pytest.approx(wanted)
    level = [line for line in ax.lines if np.array_equal(line.get_ydata(), [0.5, 0.5])]
    assert [to_hex(line.get_color()) for line in level] == [colours.REFERENCE.colour.lower()]


def test_a_replica_that_ended_is_counted_and_left_out():
    curves = {"plain": noisy(0), "L2": noisy(1)}
    curves["plain"][:3, 30:] = np.nan
    curves["plain"][3, 40:] = np.inf
    curves["L2"][:, 0] = np.nan
    ax = drawn(lambda ax: plots.draw_replicas(ax, STEP, curves, ylabel="D", band=(0.0, 1.0)))
    assert legend(ax) == ["plain (4 of 16 ended)", "L2", "all replicas"]
    plain, held = (
        lines_in(ax, colours.discriminator_cue(k).colour)[0].get_ydata() for k in ("plain", "L2")
    )
    assert plain[-1] == pytest.approx(np.median(curves["plain"][4:, -1]))
    assert np.isnan(held[0])
    assert held[1:] == pytest.approx(np.median(curves["L2"][:, 1:], axis=0))
    assert ax.get_xlim() == (0.0, 1000.0)
    # When all kinds lose the same number it is said once; what never was has not ended.
    curves["plain"][5] = np.nan
    both = dict.fromkeys(("on data", "on generated"), curves["plain"])
    ax = drawn(lambda ax: plots.draw_replicas(ax, STEP, both, ylabel="D"))
    assert legend(ax) == [*both, "10–90 % of replicas (4 of 16 ended)"]
    shades = {to_hex(line.get_color()) for line in ax.lines}
    assert len(shades) == 2


def test_the_value_gap_on_a_logarithmic_axis():
    gap = np.exp(np.random.default_rng(0).normal(-3 - STEP / 300, 0.5, (9, STEP.size)))
    gap[:, 5] = 0.0
    gap[:3, 10:20] = -1e-17
    ax = drawn(
        lambda ax: plots.draw_replicas(ax, STEP, {"plain": gap}, ylabel="gap (nats)", yscale="log")
    )
    low, high = ax.get_ylim()
    assert ax.get_yscale() == "log"
    # What is not positive must not stretch the axis down to where nothing is.
    assert gap[gap > 0].min() / 3 < low < gap[gap > 0].min() * 30
    assert np.median(gap[:, 0]) < high < 10 * gap.max()
    middle = lines_in(ax, colours.discriminator_cue("plain").colour)[0].get_ydata()
    assert np.isnan(middle[5])
    assert middle[12] == pytest.approx(np.median(gap[:, 12]))
    outline = np.concatenate(bands(ax))
    lowest = outline[np.isin(outline[:, 0], STEP[10:20]), 1]
    assert lowest.min() == pytest.approx(outline[:, 1].min())
    assert outline[:, 1].min() > gap[gap > 0].min() / 3


@pytest.mark.parametrize("yscale", ["linear", "log"])
def test_names_of_close_levels_stand_apart(yscale):
    levels = {"2 log 2": 1.386, "log 2": 0.693, "0.6": 0.6, "far": 14.0}
    ax = drawn(
        lambda ax: plots.draw_replicas(
            ax,
            STEP,
            {"plain": noisy(0)},
            ylabel="loss",
            yscale=yscale,
            ylim=(1e-3, 15.0),
            target=levels,
        ),
        size=(5.6, 3.0),
    )
    up = [text.get_window_extent().y0 for text in ax.texts]
    assert written(ax) == ["0.6", "log 2", "2 log 2", "far"]
    assert np.all(np.diff(up) > 8)
    far = ax.texts[-1].get_window_extent()
    level = ax.transData.transform((0, 14.0))[1]
    assert (far.y0 + far.y1) / 2 == pytest.approx(level, abs=12)


def test_a_single_replica_has_no_band():
    ax = drawn(
        lambda ax: plots.draw_replicas(
            ax, STEP, {"std": noisy(0, 1)}, ylabel="std", target={"data's std": 0.5}
        )
    )
    assert legend(ax) == ["std"]
    assert not bands(ax)
    lost = np.where(STEP < 500, noisy(0, 1), np.nan)
    ended = drawn(lambda ax: plots.draw_replicas(ax, STEP, {"std": lost}, ylabel="std"))
    assert legend(ended) == ["std (1 of 1 ended)"]
    assert to_hex(ax.lines[0].get_color()) == colours.TRAINING.colour.lower()


@pytest.mark.parametrize("shape", [(51,), (4, 50), (0, 51)])
def test_replicas_refuse_other_shapes(shape):
    with pytest.raises(InputError, match=r"^curves: got shape .* for 'plain', must be \(R, 51\)"):
        plots.draw_replicas(bare(), STEP, {"plain": np.zeros(shape)}, ylabel="D")


# Ridges


def feet_and_peaks(ax):
    """Where each ridge stands, and how high it is, in the order of drawing."""
    patches = sorted(
        (p for p in ax.patches if isinstance(p, StepPatch)), key=lambda p: p.get_zorder()
    )
    return [(p.get_data().baseline, p.get_data().baseline - p.get_data().values) for p in patches]


def test_ridges_stand_in_order_on_one_scale():
    rng = np.random.default_rng(0)
    steps = np.arange(0, 1000, 10)
    samples = rng.uniform(0, 1 + steps[:, None] / 999, (100, 4000))
    ax = drawn(lambda ax: plots.draw_ridges(ax, steps, samples, window=(-0.5, 2.5), bins=30))
    ridges = feet_and_peaks(ax)
    feet = [foot for foot, _ in ridges]
    assert len(feet) == 25
    assert (feet[0], feet[-1]) == (0, 990)
    assert np.all(np.diff(feet) > 0)
    low, high = ax.get_ylim()
    assert low > high
    masses = np.array([heights.sum() for _, heights in ridges])
    assert masses == pytest.approx(np.full(25, masses[0]), rel=1e-9)
    # A density of one half on (0, 2) beside one of 1 on (0, 1).
    assert ridges[-1][1].max() / ridges[0][1].max() == pytest.approx(0.5, rel=0.15)


def test_the_data_are_on_the_last_ridge_s_scale():
    steps, x = np.array([0, 50, 100]), np.linspace(0, 4, 41)
    samples = np.tile((np.arange(1000) + 0.5) / 500 + 1, (3, 1))
    half = np.where((x > 1) & (x < 3), 0.5, 0.0)
    ax = drawn(
        lambda ax: plots.draw_ridges(ax, steps, samples, window=(0, 4), bins=40, data=(x, half))
    )
    (line,) = lines_in(ax, colours.DATA.colour)
    foot, heights = feet_and_peaks(ax)[-1]
    assert foot - line.get_ydata().min() == pytest.approx(heights.max(), rel=1e-9)
    assert line.get_zorder() > max(p.get_zorder() for p in ax.patches)
    assert legend(ax) == ["$p_g$, generated", "p, data, on the last"]


def test_a_collapse_is_cut_and_a_lost_snapshot_left_out():
    z = stats.norm.ppf((np.arange(256) + 0.5) / 256)
    scale = np.ones(20)
    scale[8] = 1e-3
    samples = scale[:, None] * z
    samples[15:] = np.nan
    samples[14] += 100.0
    ax = drawn(
        lambda ax: plots.draw_ridges(ax, np.arange(20) * 50, samples, window=(-4, 4), bins=41)
    )
    ridges = feet_and_peaks(ax)
    assert [foot for foot, _ in ridges] == [50 * k for k in range(15)]
    usual = ridges[0][1].max()
    assert ridges[8][1].max() == pytest.approx(2 * usual, rel=1e-6)
    assert ridges[14][1].max() == 0.0


def test_ridges_refuse():
    good = np.zeros((3, 5))
    for steps, samples, window, name in (
        ([0, 1], good, (0, 1), "samples"),
        ([0, 1, 2], good[0], (0, 1), "samples"),
        ([0, 1, 2], good, (1, 1), "window"),
        ([0, 1, 2], good * np.nan, (0, 1), "samples"),
    ):
        with pytest.raises(InputError, match=f"^{name}: got"):
            plots.draw_ridges(bare(), steps, samples, window=window)


# Snapshots


class Normal:
    mean, std = 4.0, 0.5
    landmarks = np.array([[4.0, 0.5]])

    def logpdf(self, x):
        return stats.norm(4, 0.5).logpdf(x)


def run(*, linear=True, replicas=3, shots=51):
    """A stand-in for a Training, on its way from N(0, 1) to N(4, 1/4)."""
    rng = np.random.default_rng(1)
    part = 1 - np.exp(-STEP / 150)
    shot = STEP[np.linspace(0, STEP.size - 1, shots).astype(int)]
    theta = np.stack([-(1 - 0.5 * part), 4 * part], axis=-1) + 0.01 * rng.normal(
        size=(replicas, STEP.size, 2)
    )
    theta[..., 1] += 0.4 * np.arange(replicas)[:, None]
    at = theta[:, np.searchsorted(STEP, shot)]
    latents = stats.norm.ppf((np.arange(256) + 0.5) / 256)
    places = np.linspace(1.5, 6.5, 256)
    half = np.full((replicas, STEP.size), 0.5)
    wave = 0.05 * rng.normal(size=(replicas, STEP.size))

    def pushforward(state):
        return stats.norm(state[1], abs(state[0]))

    return SimpleNamespace(
        data=Normal(),
        game=SimpleNamespace(generator=SimpleNamespace(pushforward=pushforward)),
        step=STEP,
        theta=theta if linear else np.full_like(theta, np.nan),
        snapshot_step=shot,
        images=at[..., :1] * latents + at[..., 1:],
        places=places,
        logits=np.tile(places - 4, (replicas, shot.size, 1)),
        real_on_real=half + wave,
        real_on_fake=half - wave,
        mean=theta[..., 1],
        std=np.abs(theta[..., 0]),
        value=-1.3 + wave,
        value_gap=np.exp(wave - 3),
        jsd=np.exp(wave - STEP / 200),
        discriminator_loss=1.3 + wave,
        generator_loss=0.7 + wave,
    )


@pytest.mark.parametrize("is_linear", [True, False])
def test_frames_of_training(is_linear):
    found = run(linear=is_linear, shots=26)
    frames = plots.training_moments(found, 1, frames=12)
    assert len(frames) == 12
    assert (frames[0].title, frames[-1].title) == ("step 0", "step 1000")
    assert all(np.array_equal(frame.x, frames[0].x) for frame in frames)
    last = frames[-1]
    assert np.trapezoid(last.data, last.x) == pytest.approx(1, abs=1e-3)
    assert np.trapezoid(last.generated, last.x) == pytest.approx(1, abs=5e-3)
    exact = stats.norm(found.mean[1, -1], found.std[1, -1]).pdf(last.x)
    assert np.abs(last.generated - exact).max() < (1e-12 if is_linear else 0.12)
    inside = (last.x > 1.5) & (last.x < 6.5)
    assert last.discriminator[inside] == pytest.approx(special.expit(last.x[inside] - 4), abs=1e-5)
    assert np.isnan(last.discriminator[last.x < 1.5]).all()
    assert np.all(np.diff(last.x) > 0)
    ax = drawn(lambda ax: plots.draw_densities(ax, last)[0], size=(5.6, 3.6))
    assert legend(ax)[-1] == "D, discriminator (right)"


def test_frames_end_where_the_replica_does():
    found = run()
    found.images[0, 20:] = np.nan
    frames = plots.training_moments(found)
    assert [frame.title for frame in frames[::19]] == ["step 0", "step 380"]
    found.images[0] = np.nan
    with pytest.raises(InputError, match=r"^run: got no snapshots"):
        plots.training_moments(found)
    with pytest.raises(InputError, match=r"^replica: got 3, must be from 0 to 2"):
        plots.training_moments(found, 3)


def test_a_run_as_an_animation(tmp_path):
    frames = plots.training_moments(run(linear=False))
    target = plots.animate(tmp_path / "run.gif", frames[:: len(frames) // 10], dpi=120)
    with Image.open(target) as image:
        count = image.n_frames
    assert target.stat().st_size / count < 3e6 / 60


@pytest.mark.parametrize("shots", [51, 0])
def test_a_run_at_a_glance(shots):
    found = run(shots=shots)
    with plots.style():
        figure = plots.new_figure((9.0, 8.4))
        assert plots.draw_training(figure, found) is figure
        figure.canvas.draw()
    # The seventh is the right-hand axis of D.
    assert len(figure.axes) == (7 if shots else 4)
    for ax in figure.axes[:6]:
        assert ax.get_xlabel()
        assert ax.get_ylabel()
        assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1 - 1
    for ax, first, second in zip(
        figure.axes,
        (found.real_on_real, found.mean, found.value_gap, found.discriminator_loss),
        (found.real_on_fake, found.std, found.jsd, found.generator_loss),
        strict=False,
    ):
        for line, values in zip(ax.lines, (first, second), strict=False):
            assert line.get_ydata() == pytest.approx(np.median(values, axis=0))
    judged = figure.axes[0]
    assert legend(judged)[:2] == ["on real data", "on generated"]
    assert to_hex(judged.lines[0].get_color()) == colours.DATA.colour.lower()
    assert sorted(written(figure.axes[1])) == ["data's mean", "data's std"]
    assert figure.axes[2].get_yscale() == "log"


def test_a_run_of_the_optimal_discriminator():
    found = run()
    found.discriminator_loss[:] = found.generator_loss[:] = np.nan
    found.value_gap[:] = 0.0
    with plots.style():
        figure = plots.new_figure((9.0, 8.4))
        plots.draw_training(figure, found)
        figure.canvas.draw()
    assert legend(figure.axes[3])[0] == "V(G, D*)"


# On one clock with the flow


def clock():
    t = np.linspace(0, 20, 51)
    flow = 4 * (1 - np.exp(-t / 6))
    replicas = flow + np.cumsum(np.random.default_rng(0).normal(0, 0.05, (12, 51)), axis=1)
    replicas[3, 30:] = np.nan
    return t, flow, replicas


def test_clock():
    t, flow, replicas = clock()
    mean, half = np.nanmean(replicas, axis=0), np.full(51, 0.25)
    ax = drawn(
        lambda ax: plots.draw_clock(ax, t, flow, mean, half, "b", replicas=replicas),
        size=(4.5, 3.4),
    )
    assert legend(ax) == ["exact flow", "replicas' mean", "its 95 % band", "a replica"]
    (exact,) = lines_in(ax, colours.GENERATED.colour)
    assert exact.get_ydata() == pytest.approx(flow)
    assert len(lines_in(ax, colours.TRAINING.colour)) == 13
    edge = bands(ax)[0]
    edge = edge[edge[:, 0] == t[20], 1]
    assert [edge.min(), edge.max()] == pytest.approx([mean[20] - 0.25, mean[20] + 0.25])
    alone = drawn(lambda ax: plots.draw_clock(ax, t, flow, mean, np.full(51, np.nan), "b"))
    assert legend(alone) == ["exact flow", "replicas' mean"]


def test_deviation():
    t, flow, replicas = clock()
    apart = np.abs(replicas - flow)
    ax = drawn(lambda ax: plots.draw_deviation(ax, t, apart))
    bold = max(lines_in(ax, colours.TRAINING.colour), key=lambda line: line.get_linewidth())
    assert bold.get_ydata() == pytest.approx(np.nanmean(apart, axis=0))
    assert ax.get_ylim()[0] == 0.0
    ax = drawn(
        lambda ax: plots.draw_deviation(ax, t, apart, mean=np.ones(51), half_width=np.ones(51))
    )
    assert legend(ax) == ["replicas' mean", "its 95 % band", "a replica"]


# Paths in the plane


def paths():
    s = np.linspace(0, 1, 40)
    flow = np.stack([1.8 - 0.8 * s, 1.6 + 0.4 * s], axis=-1)
    replicas = flow + np.random.default_rng(0).normal(0, 0.05, (6, 40, 2))
    replicas[2, :, 0] *= -1
    replicas[4, 25:] = np.nan
    replicas[5, :, 0] = 1.8 + 1.2 * s
    return replicas, flow


def test_paths_over_a_portrait():
    well = wells.square()
    a, b = np.linspace(0.05, 4, 31), np.linspace(-4, 4, 31)
    force = well.force(np.stack(np.meshgrid(a, b), axis=-1))
    replicas, flow = paths()
    before = replicas.copy()

    def draw(ax):
        plots.draw_portrait(
            ax,
            a,
            b,
            force,
            equilibria=well.points,
            separatrices=well.separatrices(),
            basins=well.basins(a, b),
            nullclines=False,
            title="four states",
        )
        entries.extend(legend(ax))
        return plots.draw_replica_paths(ax, replicas, flow, crossed=np.arange(6) == 5)

    entries = []
    ax = drawn(draw, size=(5.6, 5.6))
    assert np.array_equal(replicas, before, equal_nan=True)
    own = ["training, each replica", "flow, from ○", "end of a replica", "end in another basin"]
    assert legend(ax) == [*entries, *own]
    assert ax.get_title() == "four states"
    assert ax.get_xlim() == (0.05, 4.0)
    lines = [line for line in lines_in(ax, colours.TRAINING.colour) if len(line.get_xdata()) == 40]
    assert len(lines) == 6
    assert all(np.nanmin(line.get_xdata()) > 0 for line in lines)
    (stray,) = marks(ax, "D")
    assert stray.get_xydata() == pytest.approx(replicas[5, -1:])
    (ends,) = (
        m for m in marks(ax, "o") if to_hex(m.get_color()) == colours.TRAINING.colour.lower()
    )
    wanted = replicas[:5, -1] * [[1, 1], [1, 1], [-1, 1], [1, 1], [1, 1]]
    wanted[4] = replicas[4, 24]
    assert ends.get_xydata() == pytest.approx(wanted)


def test_paths_alone():
    replicas, _ = paths()
    replicas[0] = np.nan
    ax = drawn(lambda ax: plots.draw_replica_paths(ax, replicas))
    assert legend(ax) == ["training, each replica", "end of a replica"]
    for wrong, crossed, name in (
        (replicas[0], None, "paths"),
        (replicas[..., :1], None, "paths"),
        (replicas, [True], "crossed"),
    ):
        with pytest.raises(InputError, match=f"^{name}: got shape"):
            plots.draw_replica_paths(bare(), wrong, crossed=crossed)


@pytest.mark.parametrize("one_clock", [True, False])
def test_a_comparison_with_the_flow(one_clock):
    well = wells.square()
    replicas, flow = paths()
    size = np.abs(replicas[..., 0])
    mean = np.stack([np.nanmean(size, axis=0), np.nanmean(replicas[..., 1], axis=0)], axis=-1)
    apart = np.hypot(size - flow[:, 0], replicas[..., 1] - flow[:, 1])
    found = SimpleNamespace(
        training=SimpleNamespace(theta=replicas, step=20 * np.arange(40)),
        one_clock=one_clock,
        time=0.1 * np.arange(40),
        flow=flow if one_clock else np.full_like(flow, np.nan),
        path=flow,
        deviation=apart,
        mean=mean,
        half_width=np.full_like(mean, 0.1),
        deviation_mean=np.nanmean(apart, axis=0),
        deviation_half_width=np.full(40, 0.1),
        attractors=well.points,
        crossed=np.arange(6) == 5,
    )
    with plots.style():
        figure = plots.new_figure((9.6, 6.4))
        assert plots.draw_comparison(figure, found, well) is figure
        figure.canvas.draw()
    plane, above, middle, below = figure.axes
    assert ("exact flow" in legend(above)) == one_clock
    assert middle.get_legend() is None
    assert below.get_xlim() == pytest.approx((0, 3.9 if one_clock else 780))
    assert ("time" in below.get_xlabel()) == one_clock
    assert [ax.get_ylabel() for ax in (above, middle)] == ["|a|", "b"]
    assert plane.get_xlim()[0] > 0
    (low, high), known = plane.get_ylim(), replicas[..., 1]
    assert low < np.nanmin(known) < np.nanmax(known) < high
    for ax, exact in ((above, flow[:, 0]), (middle, flow[:, 1])):
        drawn_flow = [line.get_ydata() for line in lines_in(ax, colours.GENERATED.colour)]
        assert len(drawn_flow) == one_clock
        assert all(values == pytest.approx(exact) for values in drawn_flow)


# Slopes

N = np.array([10, 30, 100, 300, 1000, 3000, 10000])
NAMES = {"xlabel": "samples n", "ylabel": "error"}


def test_a_slope_is_fitted_and_written_beside_the_expected_one():
    error = 0.8 * N**-0.5
    ax = drawn(
        lambda ax: plots.draw_slope(ax, N, error, **NAMES, expected=-0.5, bars=0.05 * error),
        size=(4.5, 3.2),
    )
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    spread = 0.05 / np.sqrt(((np.log(N) - np.log(N).mean()) ** 2).sum())
    assert legend(ax) == [f"slope −0.500 ± {spread:.3f}", "slope −0.5, expected"]
    (guide,) = lines_in(ax, colours.REFERENCE.colour)
    fitted = [line for line in lines_in(ax, colours.TRAINING.colour) if line.get_marker() == "None"]
    line = next(line for line in fitted if len(line.get_xdata()) == 2)
    assert line.get_ydata() == pytest.approx(0.8 * line.get_xdata() ** -0.5)
    assert np.all(guide.get_ydata() < line.get_ydata())
    assert np.diff(np.log(guide.get_ydata())) == pytest.approx(np.diff(np.log(line.get_ydata())))


@few
@given(st.integers(0, 10**6), st.booleans())
def test_the_fit_is_that_of_least_squares(seed, weighted):
    rng = np.random.default_rng(seed)
    error = N ** rng.uniform(-1, 0.5) * np.exp(0.2 * rng.normal(size=N.size))
    bars = error * rng.uniform(0.02, 0.3, N.size)
    ax = bare()
    plots.draw_slope(ax, N, error, **NAMES, bars=bars if weighted else None)
    (slope, _), cov = optimize.curve_fit(
        lambda x, rate, height: rate * x + height,
        np.log(N),
        np.log(error),
        sigma=bars / error if weighted else None,
        absolute_sigma=weighted,
    )
    digits = 3 if np.sqrt(cov[0, 0]) < 0.01 else 2
    wanted = f"slope {slope:.{digits}f} ± {np.sqrt(cov[0, 0]):.{digits}f}"
    assert legend(ax) == [wanted.replace("-", "−")]


def test_a_known_slope_is_the_one_that_is_written():
    error = 0.8 * N**-0.5
    error[2] = np.nan
    ax = drawn(lambda ax: plots.draw_slope(ax, N, error, **NAMES, slope=(-0.25, 0.031)))
    assert legend(ax) == ["slope −0.25 ± 0.03"]
    line = next(line for line in ax.lines if len(line.get_xdata()) == 2)
    x, y = np.log(line.get_xdata()), np.log(line.get_ydata())
    assert np.diff(y) / np.diff(x) == pytest.approx(-0.25)
    # Two points leave no residual to tell an error from.
    ax = drawn(lambda ax: plots.draw_slope(ax, [1, 100], [1.0, 0.1], **NAMES))
    assert legend(ax) == ["slope −0.50"]
    with pytest.raises(InputError, match=r"^error: got fewer than two points"):
        plots.draw_slope(bare(), [1, 1, 2], [1.0, 2.0, 0.0], **NAMES)


# Shares

CAUSES = ("finite step", "finite batch", "imperfect discriminator")


def test_shares():
    rows = ["k = 1", "k = 10", "optimal discriminator", "lost", "no deviation"]
    parts = [[0.02, 0.1, 0.5], [2, 10, 10], [0.03, 0.2, 0], [np.nan, 1, 1], [0, 0, 0]]
    totals = ["0.62", "0.22", "0.23", "", "0"]
    ax = drawn(
        lambda ax: (plots.draw_shares(ax, rows, parts, CAUSES, totals=totals), label(ax))[0],
        size=(5.6, 3.0),
    )
    widths = np.array([patch.get_width() for patch in ax.patches]).reshape(3, 5).T
    wanted = 100 * np.array(parts[:3]) / np.sum(parts[:3], axis=1, keepdims=True)
    assert widths[:3] == pytest.approx(wanted)
    assert np.all(widths[3:] == 0)
    lefts = np.array([patch.get_x() for patch in ax.patches]).reshape(3, 5).T
    assert lefts[:3, 1:] == pytest.approx(np.cumsum(wanted, axis=1)[:, :-1])
    assert legend(ax) == list(CAUSES)
    percentages = [text for text in written(ax) if text.endswith("%")]
    assert percentages == ["9 %", "13 %", "16 %", "45 %", "87 %", "81 %", "45 %"]
    assert [text.get_text() for text in ax.get_yticklabels()] == rows
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def label(ax):
    ax.set_ylabel("run")


@pytest.mark.parametrize(
    ("parts", "totals", "name"),
    [([[1, 2]], (), "parts"), ([[1, 2, -1]], (), "parts"), ([[1, 2, 3]], ("1", "2"), "totals")],
)
def test_shares_refuse(parts, totals, name):
    with pytest.raises(InputError, match=f"^{name}: got"):
        plots.draw_shares(bare(), ["k = 1"], parts, CAUSES, totals=totals)

"""The pictures of the landscape, drawn from stand-ins in closed form."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex
from matplotlib.contour import ContourSet
from matplotlib.patches import PathPatch
from matplotlib.quiver import Quiver
from matplotlib.text import Text

from gandyn import plots
from gandyn.errors import InputError
from gandyn.plots import colours
from tests.plots import wells


def drawn(draw, *shape, size=(6, 5)):
    """Call draw(axes), render the figure, and check that no text lies on another or outside."""
    with plots.style():
        figure = plots.new_figure(size)
        axes = figure.subplots(*shape)
        assert draw(axes) is axes
        figure.canvas.draw()
    shown = np.ravel(np.asarray(axes, dtype=object))
    assert shown[-1].get_xlabel()
    assert all(ax.get_ylabel() for ax in shown)
    renderer = figure.canvas.get_renderer()
    for ax in shown:
        low, high = ax.get_xlim()
        ticks = zip(ax.get_xticks(), ax.get_xticklabels(), strict=False)
        texts = [*ax.texts, *(label for at, label in ticks if low <= at <= high)]
        texts += [ax.xaxis.label, ax.title]
        # The text alone, without the line that may lead to it.
        boxes = [Text.get_window_extent(text, renderer) for text in texts if text.get_text()]
        if ax.get_legend() is not None:
            boxes.append(ax.get_legend().get_window_extent(renderer))
            assert boxes[-1].y0 >= ax.get_window_extent(renderer).y1 - 1, "legend over the curves"
        for box in boxes:
            assert figure.bbox.x0 <= box.x0
            assert box.x1 <= figure.bbox.x1
        for one, two in combinations(boxes, 2):
            apart = max(one.x0 - two.x1, two.x0 - one.x1, one.y0 - two.y1, two.y0 - one.y1)
            assert apart > -1, "one text lies on another"
    return axes


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def written(ax):
    return [text.get_text() for text in ax.texts]


def of_type(ax, kind):
    return [child for child in ax.get_children() if isinstance(child, kind)]


def lines_in(ax, colour):
    """Lines without markers in a colour."""
    return [
        line
        for line in ax.lines
        if to_hex(line.get_color()) == colour.lower() and line.get_linestyle() != "None"
    ]


def marks(ax, marker):
    return [line for line in ax.lines if line.get_marker() == marker]


def hatched(ax):
    return [patch for patch in of_type(ax, PathPatch) if patch.get_hatch()]


A, B = np.linspace(0.2, 2.2, 41), np.linspace(-4.2, 4.2, 61)
PLANE = np.stack(np.meshgrid(A, B), axis=-1)


def portrait(hill, scale=1.0, a=A, b=B, **options):
    plane = np.stack(np.meshgrid(a, b), axis=-1)
    push = hill.force(plane) * scale
    options = {"equilibria": hill.points, "title": "two modes", **options}
    return lambda ax: plots.draw_portrait(ax, a, b, push, **options)


def everything(hill, a=A, b=B):
    plane = np.stack(np.meshgrid(a, b), axis=-1)
    return {
        "separatrices": hill.separatrices(),
        "basins": hill.basins(a, b),
        "potential": hill.potential(plane),
    }


def test_a_portrait_shows_everything():
    hill = wells.triple()
    ax = drawn(portrait(hill, **everything(hill)))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a (scale)", "b (place)")
    assert legend(ax) == [
        *(f"{number}  {name}" for number, name in enumerate(wells.TWO, start=1)),
        "saddle",
        "separatrix",
        "unstable manifold",
        "da/dt = 0",
        "db/dt = 0",
        "level of potential",
    ]
    assert written(ax) == ["1", "2", "3"]
    for text, b in zip(ax.texts, (-3, 0, 3), strict=True):
        assert text.xy == (1, b)
    assert [tuple(mark.get_xydata()[0]) for mark in marks(ax, "X")] == [(1, -1.5), (1, 1.5)]
    walls = lines_in(ax, colours.kind_cue("saddle").colour)
    thick, thin = (
        [line for line in walls if (line.get_linewidth() > 2) == wide] for wide in (True, False)
    )
    assert sorted({float(line.get_ydata()[-1]) for line in thick}) == [-1.5, 1.5]
    assert len(thick) == len(thin) == 4
    assert ax.get_xlim() == (A[0], A[-1])


def test_nullclines_lie_where_a_component_vanishes():
    ax = drawn(portrait(wells.triple()))
    across, up = of_type(ax, ContourSet)
    assert all(np.allclose(path.vertices[:, 0], 1, atol=1e-3) for path in across.get_paths())
    places = np.concatenate([path.vertices[:, 1] for path in up.get_paths()])
    apart = np.abs(places[:, None] - [-3, -1.5, 0, 1.5, 3])
    assert apart.min(axis=0).max() < 0.02
    assert apart.min(axis=1).max() < 0.3 * (B[1] - B[0])
    assert across.get_linestyle() != up.get_linestyle()


@pytest.mark.parametrize("power", [-300, -60, 5])
def test_only_the_direction_of_the_force_is_drawn(power):
    plain = drawn(portrait(wells.triple()))
    far = drawn(portrait(wells.triple(), 10.0 ** (power * np.abs(PLANE[..., 1:]) / 4.2)))
    for ax in (plain, far):
        ax.arrows = of_type(ax, Quiver)[0]
    np.testing.assert_allclose(plain.arrows.U, far.arrows.U, rtol=0, atol=1e-9)
    np.testing.assert_allclose(plain.arrows.V, far.arrows.V, rtol=0, atol=1e-9)
    assert len(of_type(far, ContourSet)) == 2


def test_basins_have_their_attractors_colours_and_the_unknown_is_hatched():
    hill = wells.triple()
    basins = hill.basins(A, B)
    ax = drawn(portrait(hill, basins=basins))
    assert not hatched(ax)
    (mesh,) = of_type(ax, QuadMesh)
    shades = mesh.to_rgba(mesh.get_array())
    for row, name in ((5, 0), (30, 1), (50, 2)):
        fill = colours.state_fills(wells.TWO)[name]
        assert to_hex(shades[row, 20]) == fill.lower()
    basins.labels[10:12, 30:35] = -1
    ax = drawn(portrait(hill, basins=basins))
    (patch,) = hatched(ax)
    box = patch.get_path().get_extents()
    assert (box.x0, box.x1) == pytest.approx((A[30] - 0.025, A[34] + 0.025))
    assert (box.y0, box.y1) == pytest.approx((B[10] - 0.07, B[11] + 0.07))
    assert "basin unknown" in legend(ax)
    basins.labels[:] = -1
    ax = drawn(portrait(hill, basins=basins))
    assert hatched(ax)
    assert not of_type(ax, QuadMesh)


def test_basins_are_of_the_same_rest_points():
    hill = wells.triple()
    with pytest.raises(InputError, match="basins: got those of other rest points"):
        drawn(portrait(hill, equilibria=hill.points[2:], basins=hill.basins(A, B)))


def test_every_kind_has_a_mark():
    hill = wells.square()
    a, b = np.linspace(0.2, 3.8, 61), np.linspace(-3, 3, 49)
    points = [*hill.points, SimpleNamespace(theta=np.array([3.5, 1.0]), kind="degenerate", name="")]
    ax = drawn(portrait(hill, a=a, b=b, **everything(hill, a, b) | {"equilibria": points}))
    assert {"saddle", "repeller", "degenerate"} <= set(legend(ax))
    assert len(marks(ax, "X")) == 4
    faces = [line.get_markerfacecolor() for line in marks(ax, "o")]
    assert faces.count("white") == 1
    assert [line.get_fillstyle() for line in marks(ax, "o")].count("left") == 1
    assert len(faces) == 6


def test_numbers_of_close_attractors_do_not_lie_on_each_other():
    names = [f"covers modes {k}–{k + 1}" for k in range(1, 6)]
    hill = wells.Wells([1.0], [0.0, 0.1, 0.2, 0.25, 0.3, 1.0, 2.0, 2.01, 2.02], names)
    ax = drawn(portrait(hill, **everything(hill)))
    assert sorted(written(ax)) == ["1", "2", "3", "4", "5"]


def test_what_lies_outside_the_portrait_is_not_marked():
    hill = wells.triple()
    ax = drawn(portrait(hill, b=np.linspace(-1, 1, 9)))
    assert legend(ax)[0] == "2  averages all modes"
    assert not marks(ax, "X")
    assert written(ax) == ["2"]


def test_a_portrait_where_no_force_is_known():
    hill = wells.triple()
    for size in (np.nan, 0.0):
        ax = drawn(portrait(hill, size))
        assert not of_type(ax, Quiver)
        assert not of_type(ax, ContourSet)
    heights = np.full(PLANE.shape[:2], np.inf)
    ax = drawn(portrait(hill, 1.0, potential=heights))
    assert "level of potential" not in legend(ax)


def test_an_underflowed_force_has_no_nullcline_around_it():
    hill = wells.triple()
    scale = np.where(PLANE[..., 1:] > 0.5, 0.0, 1.0)
    ax = drawn(portrait(hill, scale))
    for contour in of_type(ax, ContourSet):
        assert max(path.vertices[:, 1].max() for path in contour.get_paths()) < 0.5


def test_a_plateau_of_the_potential_has_no_levels():
    rng = np.random.default_rng(1)
    heights = np.minimum(np.hypot(PLANE[..., 0], PLANE[..., 1]), 2.0)
    heights = heights + 1e-12 * rng.random(heights.shape)
    ax = drawn(portrait(wells.triple(), potential=heights))
    contour = of_type(ax, ContourSet)[0]
    assert contour.levels.max() < 1.9999


@pytest.mark.parametrize(
    ("a", "shape", "name"),
    [([3, 2, 1], (2, 3, 2), "a"), ([1], (2, 1, 2), "a"), ([1, 2, 3], (3, 2, 2), "force")],
)
def test_a_portrait_refuses_what_it_cannot_draw(a, shape, name):
    with plots.style():
        ax = plots.new_figure().subplots()
    with pytest.raises(InputError, match=f"^{name}: got"):
        plots.draw_portrait(ax, a, [0, 1], np.ones(shape), equilibria=())


def leaf_names(ax):
    return [" ".join(label.get_text().split()) for label in ax.get_xticklabels()]


def test_a_barrier_tree():
    hill = wells.triple()
    ax = drawn(lambda ax: plots.draw_barrier_tree(ax, hill.barriers(), title="two modes"))
    names = [f"{k} {name}" for k, name in enumerate(wells.TWO, start=1)]
    assert leaf_names(ax) == [f"{n} (1, {b})" for n, b in zip(names, ("−3", "0", "3"), strict=True)]
    leaves = [tuple(mark.get_xydata()[0]) for mark in marks(ax, "o")]
    heights = [point.potential for point in hill.points]
    assert leaves == [(0, heights[0]), (1, heights[2]), (2, heights[4])]
    passes = [tuple(mark.get_xydata()[0]) for mark in marks(ax, "X")]
    assert passes == [(0.5, heights[1]), (1.25, heights[3])]
    climbs = [f"{heights[1] - heights[k]:.3g}" for k in (0, 2, 4)]
    assert written(ax) == [f"{heights[1]:.4g}", f"{heights[3]:.4g}", *climbs]
    assert ax.get_ylabel() == "potential"


def test_the_branches_of_a_tree_do_not_cross():
    hill = wells.ladder()
    barriers = hill.barriers()
    ax = drawn(lambda ax: plots.draw_barrier_tree(ax, barriers))
    assert [name[0] for name in leaf_names(ax)] == list("12345")
    bars = [line.get_xydata() for line in ax.lines if len(line.get_xdata()) == 2]
    bars = [bar for bar in bars if bar[:, 1].min() > ax.get_ylim()[0]]  # no guides to the names
    flat = [bar for bar in bars if bar[0, 1] == bar[1, 1]]
    upright = [bar for bar in bars if bar[0, 0] == bar[1, 0]]
    assert (len(flat), len(upright)) == (4, 8)
    assert sorted(bar[0, 1] for bar in flat) == [merge.potential for merge in barriers.tree]
    for bar in flat:
        for stem in upright:
            between = min(bar[:, 0]) < stem[0, 0] < max(bar[:, 0])
            assert not (between and min(stem[:, 1]) < bar[0, 1] < max(stem[:, 1]))


def test_a_tree_says_what_has_no_pass():
    barriers = wells.triple().barriers()
    barriers.tree = barriers.tree[:1]
    ax = drawn(lambda ax: plots.draw_barrier_tree(ax, barriers))
    assert "no pass" in written(ax)
    alone = wells.Wells([1.0], [0.0], ["fits the only mode"]).barriers()
    ax = drawn(lambda ax: plots.draw_barrier_tree(ax, alone))
    assert len(marks(ax, "o")) == 1
    nothing = SimpleNamespace(barriers=(), tree=(), equilibria=())
    drawn(lambda ax: plots.draw_barrier_tree(ax, nothing))
    drawn(lambda ax: plots.draw_paths(ax, nothing))


@pytest.mark.parametrize("size", [(6, 5), (5.6, 3.4)])
@pytest.mark.parametrize("hill", [wells.triple(), wells.ladder()])
def test_trees_and_paths_of_every_size(hill, size):
    drawn(lambda ax: plots.draw_barrier_tree(ax, hill.barriers()), size=size)
    drawn(lambda ax: plots.draw_paths(ax, hill.barriers()), size=size)


def test_paths():
    hill = wells.triple()
    barriers = hill.barriers()
    ax = drawn(lambda ax: plots.draw_paths(ax, barriers, title="two modes"))
    profiles = [line for line in ax.lines if len(line.get_xdata()) > 2]
    assert len(profiles) == 2
    for number, (line, barrier) in enumerate(zip(profiles, barriers.barriers, strict=True)):
        assert line.get_xdata()[0] == number
        assert line.get_xdata()[-1] == number + 1
        np.testing.assert_allclose(line.get_ydata(), barrier.potential)
        # Straight paths with b as their length: the share is linear in b.
        share = (barrier.path[:, 1] - barrier.path[0, 1]) / 3
        np.testing.assert_allclose(line.get_xdata(), number + share)
    tops = [mark.get_xydata()[0] for mark in marks(ax, "X")]
    saddles = [hill.points[k].potential for k in (1, 3)]
    np.testing.assert_allclose(tops, [[0.5, saddles[0]], [1.5, saddles[1]]])
    one = barriers.barriers[0]
    assert written(ax)[0] == f"→ {one.height_from:.3g}\n← {one.height_to:.3g}"


def test_a_path_is_turned_round_to_meet_the_last():
    barriers = wells.triple().barriers()
    first, second = barriers.barriers
    # From mode 1 to mode 2 past the other, and on to averaging: backwards along the second.
    first.end, first.height_to = 4, first.height_from
    first.path = np.concatenate([first.path, second.path[50:]])
    first.potential = wells.triple().potential(first.path)
    ax = drawn(lambda ax: plots.draw_paths(ax, barriers))
    assert [name[0] for name in leaf_names(ax)] == ["1", "3", "2"]
    back = [line for line in ax.lines if len(line.get_xdata()) > 2][1]
    assert back.get_xdata()[0] == 2
    assert back.get_xdata()[-1] == 1
    assert written(ax)[1] == f"→ {second.height_to:.3g}\n← {second.height_from:.3g}"


def test_paths_that_do_not_meet_are_drawn_apart():
    barriers = wells.ladder().barriers()
    barriers.barriers = (barriers.barriers[0], barriers.barriers[3])
    ax = drawn(lambda ax: plots.draw_paths(ax, barriers))
    assert [name[0] for name in leaf_names(ax)] == list("12453")
    ends = [line.get_xdata()[[0, -1]].tolist() for line in ax.lines if len(line.get_xdata()) > 2]
    assert ends == [[0, 1], [2, 3]]


def test_branches():
    fork = wells.pitchfork()
    ax = drawn(lambda ax: plots.draw_branches(ax, fork, title="two modes"))
    assert legend(ax) == ["attractor, stable", "saddle", "fold", "branch point", "Maxwell point"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("m", "b (place)")
    assert ax.get_xlim() == fork.interval
    (stable,) = lines_in(ax, colours.kind_cue("attractor").colour)
    (saddle,) = lines_in(ax, colours.kind_cue("saddle").colour)
    assert (stable.get_linestyle(), saddle.get_linestyle()) == ("-", "--")
    known = np.isfinite(stable.get_ydata())
    r, b = stable.get_xdata()[known], stable.get_ydata()[known]
    assert np.all((np.abs(b) > 0.7) | (r > -1e-9))
    assert np.count_nonzero(~known) == 3
    assert [tuple(mark.get_xydata()[0]) for mark in marks(ax, "s")] == [(0, 0)]
    folds = [mark.get_xydata()[0] for mark in marks(ax, "D")]
    np.testing.assert_allclose(folds, [[0.25, -np.sqrt(0.5)], [0.25, np.sqrt(0.5)]])
    for mark in marks(ax, "^"):
        np.testing.assert_allclose(mark.get_xdata(), 3 / 16)
        np.testing.assert_allclose(np.abs(mark.get_ydata()), [0, np.sqrt(0.75)])


def test_pieces_of_a_branch_leave_no_gap():
    ax = drawn(lambda ax: plots.draw_branches(ax, wells.pitchfork()))
    stable, saddle = (
        lines_in(ax, colours.kind_cue(kind).colour)[0].get_xydata()
        for kind in ("attractor", "saddle")
    )
    shared = (saddle[:, None] == stable[None]).all(axis=-1)
    assert np.count_nonzero(shared) == 3


def test_a_single_degenerate_sample_is_part_of_its_branch():
    fork = wells.pitchfork()
    for branch, index in zip(fork.branches, (0, 71, -1), strict=True):
        branch.kind[index] = "degenerate"
    ax = drawn(lambda ax: plots.draw_branches(ax, fork))
    assert "degenerate" not in legend(ax)
    fork.branches[0].kind[:5] = "degenerate"
    ax = drawn(lambda ax: plots.draw_branches(ax, fork))
    assert "degenerate" in legend(ax)


def test_stacked_branches_share_the_parameter():
    fork = wells.pitchfork()
    axes = drawn(
        lambda axes: plots.draw_branches(axes, fork, ("a", "b", "potential")), 3, size=(6, 7)
    )
    assert [ax.get_ylabel() for ax in axes] == ["a (scale)", "b (place)", "potential"]
    assert [ax.get_xlabel() for ax in axes] == ["", "", "m"]
    assert all(ax.get_shared_x_axes().joined(ax, axes[0]) for ax in axes)
    assert [ax.get_legend() is None for ax in axes] == [False, True, True]
    # A Maxwell point is where two branches have one potential.
    assert [len(mark.get_ydata()) for mark in marks(axes[2], "^")] == [1, 1]
    (square,) = marks(axes[2], "s")
    assert square.get_ydata()[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("component", ["c", ("a", "b")])
def test_branches_refuse_other_components(component):
    with plots.style():
        ax = plots.new_figure().subplots()
    with pytest.raises(InputError, match=r"^component: got"):
        plots.draw_branches(ax, wells.pitchfork(), component)


def test_nothing_but_a_repeller():
    only = wells.branch([0.0, 1.0], [1.0, 1.1], ["repeller", "repeller"])
    none = {"folds": (), "branch_points": (), "maxwell": ()}
    fork = SimpleNamespace(name="w", interval=(0, 1), branches=(only,), **none)
    ax = drawn(lambda ax: plots.draw_branches(ax, fork))
    assert legend(ax) == ["repeller"]
    fork.branches = ()
    drawn(lambda ax: plots.draw_branches(ax, fork))


def region_at(diagram, spot):
    column = np.abs(diagram.x_nodes - spot[0]).argmin()
    row = np.abs(diagram.y_nodes - spot[1]).argmin()
    return diagram.regions[diagram.labels[row, column]].name


def test_a_phase_diagram():
    diagram = wells.cusp()
    ax = drawn(lambda ax: plots.draw_diagram(ax, diagram, title="two modes"))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("m", "w")
    assert legend(ax) == ["fold", "branch point", "Maxwell, equally deep", "cusp"]
    names = [region.name for region in diagram.regions]
    assert sorted(" ".join(text.split()) for text in written(ax)) == sorted(names)
    (mesh,) = of_type(ax, QuadMesh)
    assert to_hex(mesh.to_rgba(mesh.get_array())[0, 0]) == colours.state_fills(names)[0].lower()
    styles = [line._unscaled_dash_pattern for line in ax.lines if len(line.get_xdata()) > 1]
    assert styles[0] == styles[1]
    assert len({str(style) for style in styles}) == 3
    assert [tuple(mark.get_xydata()[0]) for mark in marks(ax, "*")] == [(0, 0)]
    assert not hatched(ax)


def test_names_lie_inside_their_regions():
    diagram = wells.cusp()
    ax = drawn(lambda ax: plots.draw_diagram(ax, diagram))
    renderer = ax.figure.canvas.get_renderer()
    for text in ax.texts:
        box = text.get_window_extent(renderer).transformed(ax.transData.inverted())
        for corner in (box.p0, box.p1, (box.x0, box.y1), (box.x1, box.y0)):
            assert region_at(diagram, corner) == " ".join(text.get_text().split())


def test_small_regions_are_numbered():
    small = [("collapse only", -0.7, 1.2, 1e-4), ("three states of collapse", -0.65, 1.1, 1e-4)]
    narrow = [("averaging and both collapses, averaging deeper", -0.8, -2.3, 0.01)]
    diagram = wells.cusp([*wells.REGIONS, *small, *narrow])
    diagram.labels[:6, :9] = 5
    diagram.labels[-6:, :9] = -1
    ax = drawn(lambda ax: plots.draw_diagram(ax, diagram))
    assert legend(ax)[:4] == [
        "1  collapse only",
        "2  three states of collapse",
        "3  averaging and both collapses, averaging deeper",
        "unknown",
    ]
    assert {"1", "2", "3"} <= set(written(ax))
    (three,) = [text for text in ax.texts if text.get_text() == "3"]
    assert region_at(diagram, three.xy) == narrow[0][0]
    assert hatched(ax)


def test_a_diagram_of_one_region():
    diagram = wells.cusp(wells.REGIONS[:1])
    diagram.labels[:] = 0
    diagram.curves, diagram.cusps = (), ()
    ax = drawn(lambda ax: plots.draw_diagram(ax, diagram))
    assert written(ax) == ["averaging only"]
    assert ax.get_legend() is None


VALUES, STARTS = np.linspace(1, 5, 9), np.linspace(-6, 6, 13)


def outcomes():
    value, start = np.meshgrid(VALUES, STARTS, indexing="ij")
    return np.where(np.abs(start) < 6 - value, 1, np.where(start > 0, 2, 0))


def raster(outcome, labels=wells.TWO, **options):
    return lambda ax: plots.draw_raster(ax, VALUES, STARTS, outcome, labels, **options)


def test_a_raster():
    ax = drawn(raster(outcomes(), xlabel="w", title="from a = 1"))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("w", "b (place) of the start")
    assert legend(ax) == list(wells.TWO)
    (mesh,) = of_type(ax, QuadMesh)
    cells = mesh.get_array()
    assert cells.shape == (13, 9)
    np.testing.assert_array_equal(cells, outcomes().T)
    assert ax.get_xlim() == pytest.approx((0.75, 5.25))
    assert ax.get_ylim() == pytest.approx((-6.5, 6.5))


def test_undone_cells_are_hatched_whichever_way_they_are_told():
    done = np.ones((9, 13), dtype=bool)
    done[6:, 4:] = False
    names = np.where(done, np.array(wells.TWO)[outcomes()], "")
    for outcome, mask in (
        (outcomes(), done),
        (np.where(done, outcomes(), -1), None),
        (names, None),
    ):
        ax = drawn(raster(outcome, done=mask))
        (patch,) = hatched(ax)
        box = patch.get_path().get_extents()
        assert (box.x0, box.x1, box.y0, box.y1) == pytest.approx((3.75, 5.25, -2.5, 6.5))
        assert legend(ax) == [*wells.TWO, "not done"]
    ax = drawn(raster(np.full((9, 13), -1)))
    assert legend(ax) == ["not done"]


def test_a_raster_refuses_what_it_cannot_draw():
    with plots.style():
        ax = plots.new_figure().subplots()
    with pytest.raises(InputError, match=r"^outcome: got shape"):
        plots.draw_raster(ax, VALUES, STARTS, outcomes().T, wells.TWO)
    with pytest.raises(InputError, match=r"^values: got"):
        plots.draw_raster(ax, VALUES[::-1], STARTS, outcomes(), wells.TWO)

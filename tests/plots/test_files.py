"""Files appear whole or not at all, and equal pictures are equal files."""

import numpy as np
import pytest
from PIL import Image

import gandyn
from gandyn import plots
from gandyn.errors import InputError


@pytest.fixture
def figure(path):
    with plots.style():
        figure = plots.new_figure()
        plots.draw_trajectory(figure.subplots(), path.t, path.theta)
    return figure


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_equal_pictures_are_equal_files(figure, tmp_path, suffix):
    first = plots.save_figure(figure, tmp_path / f"one.{suffix}", dpi=60)
    second = plots.save_figure(figure, tmp_path / f"two.{suffix}", dpi=60)
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_mode & 0o444 == second.stat().st_mode & 0o444
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"one.{suffix}", f"two.{suffix}"]


def test_an_unknown_suffix(figure, tmp_path):
    with pytest.raises(InputError, match=r"^path: got 'a\.bmp', must end in"):
        plots.save_figure(figure, tmp_path / "a.bmp")
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(figure, tmp_path, monkeypatch):
    target = tmp_path / "a.png"
    target.write_text("old")

    def broken(part, **kwargs):
        part.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(figure, "savefig", broken)
    with pytest.raises(OSError, match="disk full"):
        plots.save_figure(figure, target)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    assert target.read_text() == "old"


def test_a_missing_folder(figure, tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        plots.save_figure(figure, tmp_path / "nowhere" / "a.png")


def frames(game, path, count):
    times = plots.path_times(path.t, path.theta, count)
    states = np.stack([1 + 2 * np.exp(-times), 2 - 3 * np.exp(-times / 2)], axis=-1)
    titles = [plots.moment_title(t, state) for t, state in zip(times, states, strict=True)]
    return plots.moments(game, states, titles)


def test_animation(game, path, tmp_path):
    seen = []
    target = plots.animate(
        tmp_path / "flow.gif",
        frames(game, path, 8),
        dpi=50,
        progress=lambda part, text: seen.append(part),
    )
    with Image.open(target) as image:
        assert image.n_frames == 8
        assert image.size == (280, 180)
        for frame in range(8):
            image.seek(frame)
            image.load()
    assert seen == [k / 8 for k in range(1, 9)]
    assert [p.name for p in tmp_path.iterdir()] == ["flow.gif"]


def test_an_interrupted_animation_leaves_nothing(game, path, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plots.animate(tmp_path / "flow.gif", frames(game, path, 3), dpi=40, progress=stop)
    assert not list(tmp_path.iterdir())


def test_mp4_where_there_is_ffmpeg(game, path, tmp_path):
    if plots.can_write_mp4():
        target = plots.animate(tmp_path / "flow.mp4", frames(game, path, 4), dpi=50)
        assert target.read_bytes()[4:8] == b"ftyp"
    else:
        with pytest.raises(InputError, match="there is no ffmpeg"):
            plots.animate(tmp_path / "flow.mp4", frames(game, path, 4))
        assert not list(tmp_path.iterdir())


def test_animation_refuses(game, tmp_path):
    with pytest.raises(InputError, match=r"^moments: got none"):
        plots.animate(tmp_path / "flow.gif", [])
    with pytest.raises(InputError, match=r"must end in \.gif or \.mp4"):
        plots.animate(tmp_path / "flow.avi", [plots.moment(game, (1, 0))])


def test_frame_times(path):
    times = plots.path_times(path.t, path.theta, 30)
    assert times.shape == (30,)
    assert times[0] == path.t[0]
    assert times[-1] == pytest.approx(path.t[-1])
    assert np.all(np.diff(times) > 0)
    # Evenly spaced times would show the whole motion, over by t = 10, in one frame of the 30.
    assert np.count_nonzero(times < 10) >= 15


def test_frame_times_of_a_flow_at_rest():
    t = np.array([0.0, 5.0])
    times = plots.path_times(t, np.ones((2, 2)), 4)
    assert times[0] == 0.0
    assert times[-1] == pytest.approx(5.0)


def test_moment_title():
    assert plots.moment_title(2000.0, (1.0, -1e-9)) == "t = 2000   a = 1.000   b = 0.000"
    assert plots.moment_title(0.01234, (1.0, 2.0)) == "t = 0.0123   a = 1.000   b = 2.000"


@pytest.mark.parametrize("dpi", [0, -1, np.nan, np.inf, "200", None, True, 10**400])
def test_no_resolution(figure, tmp_path, dpi):
    with pytest.raises(InputError, match=r"^dpi: got .*, must be a finite number above 0$"):
        plots.save_figure(figure, tmp_path / "a.png", dpi=dpi)
    assert not list(tmp_path.iterdir())


def test_a_resolution_beyond_what_there_can_be(figure, tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"^dpi: got 1000000.0, must be less: the picture is"):
        plots.save_figure(figure, tmp_path / "a.png", dpi=1e6)
    monkeypatch.setattr("gandyn.system.memory.free_memory", lambda: 1e6)
    with pytest.raises(InputError, match=r"^dpi: got 200, which takes 5.81 MiB of memory"):
        plots.save_figure(figure, tmp_path / "a.png", dpi=200)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [{"fps": 0}, {"fps": np.nan}, {"dpi": 0}, {"dpi": 1e7}])
def test_animations_of_no_speed_or_size(tmp_path, options):
    game = gandyn.Game(gandyn.Normal(2, 1))
    frames = plots.moments(game, [[1.0, 0.5]], ["start"])
    with pytest.raises(InputError, match=f"^{next(iter(options))}: got "):
        plots.animate(tmp_path / "a.gif", frames, **options)
    assert not list(tmp_path.iterdir())

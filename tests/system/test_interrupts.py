"""Ctrl-C and SIGTERM, in a process whose every end is ours."""

import os
import signal
from contextlib import suppress

import pytest

from gandyn.system.interrupts import interrupts_noted, interrupts_to

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture(autouse=True)
def handlers():
    """As they were, afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_either_is_an_interrupt_that_is_noted(number):
    with interrupts_noted() as came:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        assert came[0] == number
        assert signal.SIGTERM in came or number == signal.SIGINT


@pytest.mark.parametrize("ignored", [False, True], ids=["", "a job in the background"])
def test_either_is_a_pause_where_that_is_asked_for(ignored):
    if ignored:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    pressed = []
    with interrupts_noted() as came:
        with interrupts_to(lambda: pressed.append(1)):
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
        assert len(pressed) == 2
        assert came == [signal.SIGTERM]
        if ignored:
            os.kill(os.getpid(), signal.SIGINT)
            assert came == [signal.SIGTERM]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_is_lost_is_noted():
    class Careless:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGINT)

    with interrupts_noted() as came:
        with suppress(KeyboardInterrupt):
            Careless()
        assert came == [signal.SIGINT]

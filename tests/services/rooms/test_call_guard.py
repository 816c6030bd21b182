"""A provider is asked by one press at a time, and a silent one leaves the threads to others."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from ikone_events.domain.refusals import Complaint
from ikone_events.domain.rooms.providers import RoomUnavailable
from ikone_events.services.rooms.call_guard import (
    FAILED_FOR,
    MOST_CALLS,
    READY_FOR,
    CallGuard,
    RoomState,
)
from tests.patience import PATIENCE


class Timer:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Provider:
    """Counts its calls; they wait while a block of it runs, or until `gate` is set."""

    def __init__(self, *, fails: bool = False) -> None:
        self.calls, self.fails = 0, fails
        self.gate, self.called = threading.Event(), threading.Event()
        self.gate.set()

    def __enter__(self) -> None:
        self.called.clear()
        self.gate.clear()

    def __exit__(self, *_fault: object) -> None:
        self.gate.set()

    def __call__(self) -> float:
        self.calls += 1
        self.called.set()
        assert self.gate.wait(PATIENCE)
        if self.fails:
            raise RoomUnavailable(Complaint("no"))
        return READY_FOR


def refuse() -> float:
    raise AssertionError("nobody may call now")


@pytest.mark.parametrize(
    ("fails", "state", "seconds"),
    [(False, RoomState.READY, READY_FOR), (True, RoomState.FAILED, FAILED_FOR)],
)
def test_answer_holds_for_a_while(fails: bool, state: RoomState, seconds: float) -> None:
    timer, provider = Timer(), Provider(fails=fails)
    guard = CallGuard(timer)
    first = guard.ask("room", provider)
    assert (first.state, first.is_news) == (state, True)
    timer.now += seconds - 0.1
    again = guard.ask("room", refuse)
    assert (again.state, again.is_news) == (state, False)
    timer.now += 0.2
    assert guard.ask("room", provider).is_news
    assert provider.calls == 2


def test_hundred_presses_at_once_make_one_call_and_wait_for_nobody() -> None:
    guard, provider = CallGuard(), Provider()
    with ThreadPoolExecutor(1) as first, provider:
        making = first.submit(guard.ask, "room", provider)
        assert provider.called.wait(PATIENCE)
        meanwhile = [guard.ask("room", refuse).state for _ in range(100)]
        provider.gate.set()
        assert making.result().state is RoomState.READY
    assert meanwhile == [RoomState.OPENING] * 100
    assert provider.calls == 1


def test_known_room_is_entered_while_it_is_asked_for_again() -> None:
    timer, provider = Timer(), Provider()
    guard = CallGuard(timer)
    guard.ask("room", provider)
    timer.now += READY_FOR + 1
    with ThreadPoolExecutor(1) as first, provider:
        asking = first.submit(guard.ask, "room", provider)
        assert provider.called.wait(PATIENCE)
        assert guard.ask("room", refuse).state is RoomState.READY
        provider.gate.set()
        asking.result()


def test_silent_provider_of_many_events_occupies_two_threads() -> None:
    guard, provider, number = CallGuard(), Provider(), count()
    with ThreadPoolExecutor(MOST_CALLS) as threads, provider:
        asking = [threads.submit(guard.ask, next(number), provider) for _ in range(MOST_CALLS)]
        while provider.calls < MOST_CALLS:
            assert provider.called.wait(PATIENCE)
        assert guard.ask(next(number), refuse).state is RoomState.OPENING
        provider.gate.set()
        assert [each.result().state for each in asking] == [RoomState.READY] * MOST_CALLS


def test_unexpected_error_is_kept_as_a_failure() -> None:
    guard = CallGuard(Timer())
    with pytest.raises(AssertionError):
        guard.ask("room", refuse)
    assert guard.ask("room", refuse).state is RoomState.FAILED


def test_rooms_do_not_disturb_each_other() -> None:
    guard = CallGuard(Timer())
    guard.ask("one", Provider(fails=True))
    assert guard.ask("other", Provider()).state is RoomState.READY

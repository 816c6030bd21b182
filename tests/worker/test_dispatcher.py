"""Which request is served next, and by how many threads at once."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from ikone_events.worker.dispatcher import Dispatcher, Queue
from tests.patience import PATIENCE

FOR_EVER = 1000.0


class Job:
    """A connection with one request."""

    def __init__(self, method: str = "GET", serve: Callable[[], object] = int) -> None:
        self.requests = [SimpleNamespace(command=method)]
        self.queued_at = 0.0
        self._serve = serve
        self.is_served = threading.Event()

    def service(self) -> None:
        """Serve the request."""
        self._serve()
        self.is_served.set()

    def cancel(self) -> None:
        """The server stops."""


@contextmanager
def dispatching(
    lane_seconds: float, *, lanes: int = 1, threads: int = 4
) -> Iterator[Callable[..., Job]]:
    """What queues a job, until the block ends."""
    dispatcher = Dispatcher(lanes=lanes, lane_seconds=lane_seconds)
    dispatcher.set_thread_count(threads)

    def add(serve: Callable[[], object] = int) -> Job:
        job = Job(serve=serve)
        dispatcher.add_task(job)
        return job

    try:
        yield add
    finally:
        dispatcher.shutdown(timeout=PATIENCE)


def order_of(*methods: str) -> list[tuple[str, int]]:
    """In which order requests are served: the method and the number in order of arrival."""
    queue = Queue()
    jobs = [Job(method) for method in methods]
    for job in jobs:
        queue.append(job)
    served = [queue.popleft() for _ in jobs]
    assert not len(queue)
    return [(job.requests[0].command, jobs.index(job)) for job in served]


def test_pages_do_not_wait_for_all_who_register() -> None:
    order = order_of("POST", "POST", "POST", "POST", "GET", "HEAD")
    assert [method for method, _ in order[:4]] in (
        ["POST", "GET", "POST", "HEAD"],
        ["GET", "POST", "HEAD", "POST"],
    )


def test_registrations_do_not_wait_for_all_who_read() -> None:
    order = order_of("GET", "GET", "GET", "GET", "POST")
    assert ("POST", 4) in order[:2]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_requests_of_a_kind_keep_their_order(method: str) -> None:
    assert [number for _, number in order_of(*[method] * 5)] == [0, 1, 2, 3, 4]


def test_request_waits_for_the_one_before() -> None:
    end, order = threading.Event(), deque[str]()
    with dispatching(FOR_EVER) as add:
        first = add(lambda: (end.wait(PATIENCE), order.append("first")))
        second = add(lambda: order.append("second"))
        assert not second.is_served.wait(0.2)
        end.set()
        assert first.is_served.wait(PATIENCE)
        assert second.is_served.wait(PATIENCE)
    assert [*order] == ["first", "second"]


def test_slow_request_leaves_its_lane() -> None:
    end = threading.Event()
    with dispatching(0.01) as add:
        slow = [add(lambda: end.wait(PATIENCE)) for _ in range(3)]
        quick = add()
        assert quick.is_served.wait(PATIENCE)
        assert not any(each.is_served.is_set() for each in slow)
        end.set()


def test_free_lane_takes_a_request_while_nobody_is_woken_for_the_next() -> None:
    """A thread that waited for a lane that became free must not be waited for."""
    for _ in range(20):
        end = threading.Event()
        with dispatching(FOR_EVER) as add:
            occupied, waiting = add(lambda end=end: end.wait(PATIENCE)), add()
            end.set()
            assert occupied.is_served.wait(PATIENCE)
            assert waiting.is_served.wait(PATIENCE)
            assert add().is_served.wait(PATIENCE)


def test_every_request_is_served_once() -> None:
    served: deque[int] = deque()
    with dispatching(0.0001, threads=8) as add:
        jobs = [add(lambda number=number: served.append(number)) for number in range(2000)]
        assert all(job.is_served.wait(PATIENCE) for job in jobs)
    assert sorted(served) == [*range(2000)]


def test_failing_request_keeps_no_lane(caplog: pytest.LogCaptureFixture) -> None:
    with dispatching(FOR_EVER, threads=1) as add:
        add(lambda: 1 / 0)
        assert add().is_served.wait(PATIENCE)
    assert "Exception when servicing" in caplog.text


def queue_of(number: int, patience: float) -> None:
    """Queue requests for which there is no thread."""
    dispatcher = Dispatcher(lanes=1, patience=patience)
    for _ in range(number):
        dispatcher.add_task(Job())


def test_rush_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    queue_of(1000, PATIENCE)
    assert caplog.records == []


def test_requests_that_wait_for_long_are_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    queue_of(1000, -1)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "1 are waiting" in caplog.text

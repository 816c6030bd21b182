"""Several threads that do something at the same moment."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Outcome = TypeVar("Outcome")


def at_once(act: Callable[[Given], Outcome], each: Iterable[Given]) -> list[Outcome]:
    """What `act` returns for each, in threads that begin together. Faults are raised."""
    given = list(each)
    ready = threading.Barrier(len(given))

    def run(one: Given) -> Outcome:
        ready.wait()
        return act(one)

    with ThreadPoolExecutor(len(given)) as pool:
        return list(pool.map(run, given))

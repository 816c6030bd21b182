"""Sign-ups as they trickle in: how long each POST takes while the server is busy with mails.

Run as `python -m tests.bench.signups PORT SECONDS FIRST PATH`; prints milliseconds as JSON.
"""

import json
import sys
import threading
import time
from statistics import quantiles
from urllib.parse import urlencode

from tests.bench.client import Connection, open_form, person

THREADS, PAUSE = 2, 0.05


def run(port: int, seconds: float, first: int, path: str) -> dict[str, float]:
    """Post until the time is over, with a breath between two."""
    taken: list[float] = []
    failures: list[Exception] = []
    end = time.monotonic() + seconds

    def sign_up(number: int) -> None:
        connection = Connection(port)
        try:
            cookie, token = open_form(connection, f"{path}/register")
            while time.monotonic() < end:
                body = urlencode({**person(number), "csrf_token": token})
                start = time.monotonic()
                connection.ask("POST", f"{path}/register", body=body, cookie=cookie)
                taken.append((time.monotonic() - start) * 1000)
                number += THREADS
                time.sleep(PAUSE)
        except (RuntimeError, OSError) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=sign_up, args=(first + slot,)) for slot in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    cuts = quantiles(taken, n=20)
    return {"done": len(taken), "median": cuts[9], "p95": cuts[18], "worst": max(taken)}


if __name__ == "__main__":
    to, time_box, number_of_first, of_event = sys.argv[1:]
    sys.stdout.write(json.dumps(run(int(to), float(time_box), int(number_of_first), of_event)))

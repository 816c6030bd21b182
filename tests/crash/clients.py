"""People who sign up again and again while the servers behind them are killed."""

import re
import secrets
import threading
from collections import Counter
from http.client import HTTPConnection, HTTPException
from itertools import count
from urllib.parse import urlencode

from tests.patience import PATIENCE

SEE_OTHER = 303
_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


class Clients:
    """Threads that sign up new people; `acknowledged` are those who saw that it is done."""

    def __init__(self, ports: list[int], path: str, threads: int = 3) -> None:
        self._ports, self._path = ports, path
        self._numbers = count(1)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(threads)]
        self.acknowledged: set[str] = set()
        self.answers: Counter[int] = Counter()

    def __enter__(self) -> "Clients":
        """Everybody has the form open before the killing begins."""
        self._cookie, self._token = self._open_form()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, slot: int) -> None:
        while not self._stop.wait(0.02):
            port = self._ports[slot % len(self._ports)]
            email = f"gast-{slot}-{next(self._numbers)}-{secrets.token_hex(3)}@example.org"
            try:
                status = self._sign_up(port, email)
            except (OSError, HTTPException):
                continue  # killed in the middle: nothing was promised
            self.answers[status] += 1
            if status == SEE_OTHER:
                self.acknowledged.add(email)

    def _open_form(self) -> tuple[str, str]:
        connection = HTTPConnection("127.0.0.1", self._ports[0], timeout=PATIENCE)
        connection.request("GET", self._path, headers={"Host": "localhost"})
        answer = connection.getresponse()
        token = _TOKEN.search(answer.read().decode())
        connection.close()
        assert token is not None
        return (answer.getheader("Set-Cookie") or "").partition(";")[0], token[1]

    def _sign_up(self, port: int, email: str) -> int:
        person = {
            "first_name": "Maria",
            "last_name": "Beispielfrau",
            "email": email,
            "organisation": "Stadtverwaltung Bendorf",
            "csrf_token": self._token,
        }
        headers = {
            "Host": "localhost",
            "Cookie": self._cookie,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("POST", self._path, urlencode(person), headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

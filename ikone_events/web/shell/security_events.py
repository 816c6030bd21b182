"""Security events of requests, with account and network; a flood is one line a minute."""

import threading
import time
from typing import NamedTuple

from flask import Flask, Response, current_app, g, request

from ikone_events.services.accounts.security_log import SecurityEvent, log_security
from ikone_events.web.shell.limits import network

REFUSALS = (400, 403, 429)
WINDOW_SECONDS = 60
_MOST_KINDS = 1000
_OTHERS = "others"


def init_app(app: Flask) -> None:
    """Log refused requests; after the handlers of errors, which know the reason."""
    app.extensions["ikone_floods"] = FloodFilter()

    @app.after_request
    def log_refusal(response: Response) -> Response:
        if response.status_code in REFUSALS:
            record_refusal(SecurityEvent.REFUSED, response.status_code)
        return response


def record(event: SecurityEvent, **details: str | int) -> None:
    """Log an event of the signed-in account."""
    log_security(event, account=_account(), network=network(), **details)


def record_refusal(event: SecurityEvent, status: int) -> None:
    """Log a refusal; the same of one network and endpoint at most once a minute, with a count."""
    kind = RefusalKind(
        event, network(), request.endpoint or "", status, g.get("refusal_reason", ""), _account()
    )
    floods: FloodFilter = current_app.extensions["ikone_floods"]
    for each, count in floods.to_report(kind):
        log_security(
            each.event,
            account=each.account,
            network=each.network,
            endpoint=each.endpoint,
            status=each.status,
            reason=each.reason,
            count=count,
        )


def _account() -> int | None:
    """The account that the request has loaded; none is loaded for a line of a log."""
    user = g.get("_login_user")
    return user.id if user is not None and user.is_authenticated else None


class RefusalKind(NamedTuple):
    """A kind of refusals that are counted together."""

    event: SecurityEvent
    network: str
    endpoint: str
    status: int
    reason: str
    account: int | None


class FloodFilter:
    """Reports the first event of a kind at once, and those of the next minute as a number."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: dict[RefusalKind, float] = {}
        self._untold: dict[RefusalKind, int] = {}

    def to_report(self, kind: RefusalKind) -> list[tuple[RefusalKind, int]]:
        """The kinds to be logged now and how many events each line stands for.

        Among them are former kinds whose minute is over. Of more than a thousand kinds a minute,
        the rest is reported as those of one network, “others”.
        """
        with self._lock:
            now = time.monotonic()
            due = self._close_old(now)
            if kind not in self._since and len(self._since) >= _MOST_KINDS:
                kind = kind._replace(network=_OTHERS, account=None)
            if kind in self._since:
                self._untold[kind] = self._untold.get(kind, 0) + 1
            else:
                self._since[kind] = now
                due[kind] = due.get(kind, 0) + 1
            return list(due.items())

    def _close_old(self, now: float) -> dict[RefusalKind, int]:
        old = [kind for kind, since in self._since.items() if since <= now - WINDOW_SECONDS]
        for kind in old:
            del self._since[kind]
        return {kind: self._untold.pop(kind) for kind in old if kind in self._untold}

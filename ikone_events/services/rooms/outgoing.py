"""The one client for calls to other servers.

Stands in for the one that refuses inner networks and resolves names once; only hosts of
IKONE_OUTGOING_HOSTS are called. Take the other one when branches are joined.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.rooms.providers import RoomUnavailable
from ikone_events.services.installation import get_installation

MOST_BYTES = 64 * 1024
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class OutgoingAnswer:
    """What a server said; `body` holds at most 64 kB, unless more was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def call(
    address: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    most_bytes: int = MOST_BYTES,
) -> OutgoingAnswer:
    """Ask another server, without following redirects, for at most 5 seconds.

    Raises RoomUnavailable: the address may not be called, or nothing usable came back.
    """
    import urllib3  # noqa: PLC0415 - only for calls

    if urlsplit(address).hostname not in get_installation().settings.outgoing_hosts:
        raise RoomUnavailable(Complaint(N_("This address is not called.")))
    pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=SECONDS))
    try:
        answer = pool.request(
            method,
            address,
            body=body,
            headers=dict(headers or {}),
            redirect=False,
            preload_content=False,
        )
        with closing(answer):
            read = answer.read(most_bytes + 1, decode_content=False)
    except (urllib3.exceptions.HTTPError, OSError) as fault:
        raise RoomUnavailable(Complaint(N_("The video server does not answer."))) from fault
    finally:
        pool.clear()
    if len(read) > most_bytes:
        raise RoomUnavailable(Complaint(N_("The video server answers with too much.")))
    return OutgoingAnswer(answer.status, dict(answer.headers), read)

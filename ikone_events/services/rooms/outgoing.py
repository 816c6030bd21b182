"""The one client for calls to other servers."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutgoingAnswer:
    """What a server said; `body` holds at most 64 kB."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def call(
    address: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> OutgoingAnswer:
    """Ask another server, without following redirects, for at most 5 seconds.

    Raises RoomUnavailable: the address may not be called, or nothing usable came back.
    """
    raise NotImplementedError

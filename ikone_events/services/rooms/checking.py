"""Asking the providers of video rooms whether they can be used; only a person asks for that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ikone_events.domain.outgoing import service_target
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.rooms.provider_settings import (
    ADDRESS,
    APP_ID,
    PROVIDER_FIELDS,
    SECRET,
    UNREADABLE,
)
from ikone_events.domain.rooms.providers import ProviderKind, RoomUnavailable
from ikone_events.services.installation import get_installation
from ikone_events.services.rooms.outgoing import call
from ikone_events.services.rooms.provider_settings import ProviderSettings, provider_settings
from ikone_events.services.rooms.registry import provider_for
from ikone_events.store.db import db

_LACKS = {
    ADDRESS: N_("The address of the server is missing."),
    APP_ID: N_("The app id is missing."),
    SECRET: N_("The secret is missing."),
}
_ERROR = N_("“%(host)s” answers, but with an error (%(status)d).")
_FIRST_ERROR = 500


@dataclass(frozen=True, slots=True)
class ProviderCheck:
    """What a provider said: faults, and what an administrator should know besides."""

    faults: Sequence[Complaint]
    advice: Sequence[Complaint] = ()


def begun_kinds() -> list[ProviderKind]:
    """The kinds for which anything is set up."""
    settings = provider_settings()
    return [kind for kind in PROVIDER_FIELDS if settings.is_begun(kind)]


def setting_faults(kind: ProviderKind, settings: ProviderSettings) -> Iterator[Complaint]:
    """What is wrong with the settings of a kind, without calling anybody."""
    if kind in settings.unreadable:
        yield Complaint(UNREADABLE, about=SECRET)
    for name in settings.missing(kind):
        if name != SECRET or kind not in settings.unreadable:
            yield Complaint(_LACKS[name], about=name)
    if address := settings.value(kind, ADDRESS):
        try:
            service_target(address, get_installation().settings.outgoing_hosts, ADDRESS)
        except UnfitInput as refusal:
            yield from refusal.complaints


def check_provider(kind: ProviderKind) -> ProviderCheck:
    """Whether a provider can be used. Calls its server, so it ends the session's reading before."""
    if faults := list(setting_faults(kind, provider_settings())):
        return ProviderCheck(faults)
    try:
        provider = provider_for(kind)
        db.session.rollback()
        faults = list(provider.check())
    except RoomUnavailable as refusal:
        return ProviderCheck(refusal.complaints)
    advice: Sequence[Complaint] = getattr(provider, "advice", tuple)()
    return ProviderCheck(faults, advice)


def check_link_server(link: str) -> Complaint | None:
    """Why the server of a room's link can't be reached, or None.

    Only the server is called, never the link: it is a key, opening it may let somebody in, and
    services answer for rooms that don't exist, too.
    """
    parts = urlsplit(link)
    db.session.rollback()
    try:
        answer = call(f"{parts.scheme}://{parts.netloc}/", method="HEAD")
    except RoomUnavailable as refusal:
        return refusal.complaints[0]
    if answer.status < _FIRST_ERROR:
        return None
    return Complaint(_ERROR, {"host": parts.hostname or "", "status": answer.status})

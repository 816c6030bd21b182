"""The providers of this installation, by kind, and whether they can be used.

Only a person asks for the latter: it calls their servers."""

from collections.abc import Iterator, Mapping, Sequence
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
from ikone_events.domain.rooms.providers import (
    PROVIDER_LABELS,
    Capabilities,
    ProviderKind,
    RoomUnavailable,
)
from ikone_events.services.installation import get_installation
from ikone_events.services.rooms.outgoing import call
from ikone_events.services.rooms.provider_settings import ProviderSettings, provider_settings
from ikone_events.services.rooms.providers.bigbluebutton import BigBlueButton
from ikone_events.services.rooms.providers.interface import Provider
from ikone_events.services.rooms.providers.jitsi import JitsiMeet
from ikone_events.services.rooms.providers.plain_link import PlainLink
from ikone_events.store.db import db
from ikone_events.store.events.models import Event

_CAPABILITIES: Mapping[ProviderKind, Capabilities] = {
    ProviderKind.LINK: PlainLink.capabilities,
    ProviderKind.BIGBLUEBUTTON: BigBlueButton.capabilities,
    ProviderKind.JITSI: JitsiMeet.capabilities,
}


def capabilities_of(event: Event) -> Capabilities:
    """What the provider of an event's room can do, whether it is set up or not."""
    return _CAPABILITIES[ProviderKind(event.room_provider)]


def provider_for(kind: ProviderKind) -> Provider:
    """The provider of a kind. Raises RoomUnavailable if it is not set up."""
    if kind is ProviderKind.LINK:
        return PlainLink()
    settings = provider_settings()
    if settings.missing(kind):
        text = N_("%(provider)s is not set up.")
        raise RoomUnavailable(Complaint(text, {"provider": PROVIDER_LABELS[kind]}))
    if kind is ProviderKind.BIGBLUEBUTTON:
        return BigBlueButton(settings.bbb_url, settings.bbb_secret, report_address)
    return JitsiMeet(settings.jitsi_url, settings.jitsi_app_id, settings.jitsi_secret)


def kinds_set_up() -> Sequence[ProviderKind]:
    """The kinds that events can use; a plain link always."""
    settings = provider_settings()
    return [kind for kind in ProviderKind if not settings.missing(kind)]


def report_address(key: str) -> str:
    """Where BigBlueButton reports after a meeting of the room with this key."""
    return get_installation().page(f"/rooms/{key}/report")


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

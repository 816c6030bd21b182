"""The providers of this installation, by kind."""

from collections.abc import Mapping, Sequence

from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.rooms.providers import (
    PROVIDER_LABELS,
    Capabilities,
    ProviderKind,
    RoomUnavailable,
)
from ikone_events.services.installation import get_installation
from ikone_events.services.rooms.provider_settings import provider_settings
from ikone_events.services.rooms.providers.bigbluebutton import BigBlueButton
from ikone_events.services.rooms.providers.interface import Provider
from ikone_events.services.rooms.providers.jitsi import JitsiMeet
from ikone_events.services.rooms.providers.plain_link import PlainLink
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

"""The providers of this installation, by kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from ikone_events.domain.refusals import Complaint
from ikone_events.domain.rooms.provider_settings import ADDRESS
from ikone_events.domain.rooms.providers import PROVIDER_LABELS, ProviderKind, RoomUnavailable
from ikone_events.services.rooms.outgoing import call
from ikone_events.services.rooms.provider_settings import provider_settings
from ikone_events.services.rooms.providers.plain_link import PlainLink


@dataclass(frozen=True, slots=True)
class AnsweringServer(PlainLink):
    """Stands in for the adapters until branches are joined: only its check does anything."""

    server: str

    def check(self) -> Sequence[Complaint]:
        """Whether the server answers."""
        try:
            answer = call(self.server.rstrip("/") + "/")
        except RoomUnavailable as refusal:
            return refusal.complaints
        if answer.status >= HTTPStatus.BAD_REQUEST:
            text = "The video server answers with an error (%(status)d)."
            return (Complaint(text, {"status": answer.status}),)
        return ()


def provider_for(kind: ProviderKind) -> PlainLink:
    """The provider of a kind. Raises RoomUnavailable if it is not set up."""
    settings = provider_settings()
    if settings.missing(kind):
        text = "%(provider)s is not set up."
        raise RoomUnavailable(Complaint(text, {"provider": PROVIDER_LABELS[kind]}))
    if kind is ProviderKind.LINK:
        return PlainLink()
    return AnsweringServer(settings.value(kind, ADDRESS))

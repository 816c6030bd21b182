"""The page of an event for search engines."""

from collections.abc import Mapping
from datetime import datetime

from ikone_events.domain.calendars.structured_data import PublicFacts, structured_data
from ikone_events.domain.events.facts import State
from ikone_events.domain.registering.seating import SeatAvailability
from ikone_events.services.documents.markdown import to_html
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.values import summary_of
from ikone_events.store.events.models import Event
from ikone_events.store.events.public_history import public_history
from ikone_events.web.shell.i18n import LOCALES, page_locale


def event_data(
    event: Event, seats: SeatAvailability | None, opens_at: datetime | None
) -> Mapping[str, object] | None:
    """The event as JSON-LD in the language of the page, or None; without seats when it is over."""
    locale, history = page_locale(), public_history(event)
    texts = event.summary_in(locale), to_html(event.description_in(locale)).striptags()
    facts = PublicFacts(
        state=State.CANCELLED if history.was_cancelled else State(event.state),
        language=locale if event.title_en else LOCALES[0],
        text="\n\n".join(text for text in texts if text),
        homepage=get_installation().page("/"),
        former_starts=history.former_starts,
        seats=seats,
        opens_at=opens_at,
    )
    return structured_data(summary_of(event, locale), facts)

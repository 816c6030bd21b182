"""What the check-in says of a press, and of the person at the entrance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.refusals import Refusal
from ikone_events.domain.registering.form_fields import ROLES, FieldKind, visible_to
from ikone_events.domain.rooms.check_in import EntryOutcome, without_place_because
from ikone_events.services.registering.answers import all_fields
from ikone_events.services.rooms.check_in import (
    Press,
    check_in,
    comes_from_online,
    find_by_code,
    get_at_entrance,
)
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import sees_event
from ikone_events.store.registering.form_fields import answers_of
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.check_in import AtEntrance
from ikone_events.web.organiser.frame import translate_all
from ikone_events.web.organiser.registering.people_words import AnswerText, answer_texts
from ikone_events.web.shell.access import asker_role, organiser
from ikone_events.web.shell.filters import clock_words
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale, translate


@dataclass(frozen=True, slots=True)
class PressOutcome:
    """What a press led to, in words; `person` is its public id, "" if it names nobody here.

    `on_card`: the card of the person says the same.
    """

    kind: str
    text: str
    person: str = ""
    is_new: bool = False
    on_card: bool = False


@dataclass(frozen=True, slots=True)
class PersonCard:
    """What a helper sees of the person at the entrance."""

    found: AtEntrance
    answers: Sequence[AnswerText]
    is_online: bool
    no_place: str

    @property
    def name(self) -> str:
        """The whole name."""
        return self.found.person.name


def card_of(event: Event, found: AtEntrance) -> PersonCard:
    """A person with the answers that the helper's role may see.

    Helpers with the role door see what everybody sees who sees the event.
    """
    seen = visible_to(asker_role() or ROLES[0], all_fields(event))
    fields = [field for field in seen if field.kind is not FieldKind.CONSENT]
    given = answers_of(found.person) if fields else {}
    no_place = without_place_because(found.person.status)
    return PersonCard(
        found,
        answer_texts(fields, given, page_locale()),
        is_online=comes_from_online(event, found.person),
        no_place=translate(no_place) if no_place else "",
    )


def in_since(event: Event, found: AtEntrance) -> str:
    """Since when a person is in, and who has checked them in."""
    if found.since is None:
        return ""
    return _(
        "Checked in at %(time)s by %(name)s",
        time=clock_words(found.since, event.zone),
        name=found.stated_by,
    )


def press_code(event: Event, typed: str, press: Press, now: datetime) -> PressOutcome:
    """Check in the holder of a code, if it is one of this event."""
    try:
        found = find_by_code(typed)
    except Refusal as refusal:
        return PressOutcome("danger", _all(refusal))
    if found.event_id != event.id:
        return PressOutcome("danger", other_event_words(found))
    return press_person(event, found.public_id, press, now)


def other_event_words(found: Registration) -> str:
    """What is said of a code of another event, which is named to those who may see it."""
    if not sees_event(organiser(), found.event):
        return _("This code belongs to another event. Nothing was recorded.")
    title = found.event.title_in(page_locale())
    return _("This code belongs to “%(title)s”. Nothing was recorded.", title=title)


def press_person(event: Event, public_id: str, press: Press, now: datetime) -> PressOutcome:
    """Check a person in, and say what became of it."""
    try:
        with transaction():
            entry = check_in(event, public_id, press, now=now)
    except Refusal as refusal:
        return _refused(event, public_id, refusal)
    name, person = entry.found.person.name, entry.found.person.public_id
    if entry.outcome is EntryOutcome.ENTERED:
        text = _("%(name)s is checked in.", name=name)
        return PressOutcome("success", text, person, is_new=True, on_card=True)
    if entry.outcome is EntryOutcome.ALREADY_IN:
        text = f"{name}: {in_since(event, entry.found)}."
        return PressOutcome("warning", text, person, on_card=True)
    if entry.outcome is EntryOutcome.MARKED_ABSENT:
        text = _("%(name)s has since been recorded as absent, and that stands.", name=name)
    else:
        text = _("%(name)s: this check-in has since been undone, and that stands.", name=name)
    return PressOutcome("warning", text, person)


def _refused(event: Event, public_id: str, refusal: Refusal) -> PressOutcome:
    try:
        found = get_at_entrance(event, public_id)
    except Refusal:
        return PressOutcome("danger", _all(refusal))
    return PressOutcome("danger", f"{found.person.name}: {_all(refusal)}", found.person.public_id)


def _all(refusal: Refusal) -> str:
    return " ".join(translate_all(refusal.complaints))

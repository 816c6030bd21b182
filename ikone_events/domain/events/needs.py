"""The needs of actions: each function returns a complaint about the facts, or None."""

from collections.abc import Callable, Iterable

from ikone_events.domain.events.dates import LAST_YEAR
from ikone_events.domain.events.facts import EventFormat, Facts, Number, State
from ikone_events.domain.refusals import N_, Complaint

Need = Callable[[Facts], Complaint | None]


def needs_title(facts: Facts) -> Complaint | None:
    """An announcement needs a title."""
    if facts.title.strip():
        return None
    return Complaint(N_("The title is missing."), about="title")


def needs_summary(facts: Facts) -> Complaint | None:
    """An announcement needs a summary."""
    if facts.summary.strip():
        return None
    return Complaint(N_("The summary is missing."), about="summary")


def needs_order_of_times(facts: Facts) -> Complaint | None:
    """The end comes after the start."""
    if facts.starts_at < facts.ends_at:
        return None
    return Complaint(N_("The end is not after the start."), about="ends_at")


def needs_future_start(facts: Facts) -> Complaint | None:
    """The start of an announced event is in the future."""
    if facts.starts_at > facts.now:
        return None
    return Complaint(N_("The start is in the past."), about="starts_at")


def needs_place(facts: Facts) -> Complaint | None:
    """An event on site or hybrid names its place."""
    if facts.format is EventFormat.ONLINE or facts.place.strip():
        return None
    return Complaint(N_("The place is missing."), about="place")


PRIVACY_CONTACT_MISSING = Complaint(
    N_("The contact for data protection is missing. An administrator can enter it in the settings.")
)


def needs_privacy_contact(facts: Facts) -> Complaint | None:
    """Art. 13 GDPR requires a contact for data protection."""
    if facts.privacy_contact:
        return None
    return PRIVACY_CONTACT_MISSING


def needs_seats(facts: Facts) -> Complaint | None:
    """The number of seats is not zero."""
    if facts.capacity is None or facts.capacity > 0:
        return None
    return Complaint(N_("The number of places is zero."), about="capacity")


def needs_future_deadline(facts: Facts) -> Complaint | None:
    """Registration ends in the future; without a deadline it ends with the start."""
    if (facts.deadline or facts.starts_at) > facts.now:
        return None
    return Complaint(N_("The registration deadline is in the past."), about="deadline")


def needs_video(facts: Facts) -> Complaint | None:
    """Only online and hybrid events have an access link."""
    if facts.has_room:
        return None
    return Complaint(N_("An event on site has no access link."), about="format")


def needs_room(facts: Facts) -> Complaint | None:
    """The access link can only be sent once the room is known."""
    if not facts.has_room or facts.room_known:
        return None
    return Complaint(N_("The access link to the video room is missing."), about="room_url")


NOBODY_CONFIRMED = Complaint(N_("Nobody is confirmed yet."))


def needs_confirmed_person(facts: Facts) -> Complaint | None:
    """A dispatch needs a confirmed person.

    At a hybrid event all of them may come on site: then nobody gets a mail yet, but people who
    register later for online get their link at once.
    """
    if facts.confirmed > 0:
        return None
    return NOBODY_CONFIRMED


def needs_not_over(facts: Facts) -> Complaint | None:
    """The event is not over."""
    if not facts.over:
        return None
    return Complaint(N_("The event is already over."))


def needs_over(facts: Facts) -> Complaint | None:
    """The event is over."""
    if facts.over:
        return None
    return Complaint(N_("The event is not over yet."))


def needs_material(facts: Facts) -> Complaint | None:
    """A follow-up needs materials."""
    if facts.materials > 0:
        return None
    return Complaint(N_("No slides, link or contact have been added yet."), about="materials")


def needs_link_sent(facts: Facts) -> Complaint | None:
    """The follow-up of an event with a room needs the access link to have been sent."""
    if lacks_link(facts):
        return Complaint(N_("The access link was never sent; only events on site go without."))
    return None


def lacks_link(facts: Facts) -> bool:
    """Whether people could have come by video, and nothing says that they got the link."""
    return facts.has_room and facts.state is not State.DISPATCHED


def needs_link_to_have_been_sent(facts: Facts) -> Complaint | None:
    """Feedback is only asked for if people could take part."""
    return None if facts.state is State.FOLLOWED_UP else needs_link_sent(facts)


def needs_retention_over(facts: Facts) -> Complaint | None:
    """People are anonymised after the retention period."""
    if facts.retention_until is not None and facts.now >= facts.retention_until:
        return None
    return Complaint(N_("The retention period is not over yet."))


def needs_reason(facts: Facts) -> Complaint | None:
    """The mail about a change names a reason."""
    if facts.reason and facts.reason.strip():
        return None
    return Complaint(N_("Please give a reason; everybody concerned will read it."), about="reason")


def needs_link_reason(facts: Facts) -> Complaint | None:
    """A link that went out by other means: the history names the way."""
    if facts.reason and facts.reason.strip():
        return None
    text = N_("Please say how people got the link; it is kept in the history, nobody is told.")
    return Complaint(text, about="reason")


def needs_conclusion_reason(facts: Facts) -> Complaint | None:
    """An event that ends without a follow-up: the history says why."""
    if facts.reason and facts.reason.strip():
        return None
    text = N_("Please say why there is no follow-up; it is kept in the history, nobody is told.")
    return Complaint(text, about="reason")


def needs_nobody_registered(facts: Facts) -> Complaint | None:
    """Nobody has registered, also nobody who has left again."""
    if facts.registered == 0:
        return None
    return Complaint(N_("People have already registered."))


def needs_no_mail(facts: Facts) -> Complaint | None:
    """No mail was written about the event; tests to organisers do not count."""
    if facts.mails == 0:
        return None
    return Complaint(N_("E-mails about this event have already been written."))


def needs_new_date(facts: Facts) -> Complaint | None:
    """The new date of a postponed event is in the future."""
    start, end = facts.new_starts_at, facts.new_ends_at
    if start is None or end is None:
        return Complaint(N_("The new date is missing."), about="starts_at")
    if start <= facts.now:
        return Complaint(N_("The new date is in the past."), about="starts_at")
    if start >= end:
        return Complaint(N_("The end is not after the start."), about="ends_at")
    if end.year > LAST_YEAR:
        return Complaint(N_("The new date is too far away."), about="starts_at")
    return None


_READS: dict[Need, Number] = {
    needs_confirmed_person: Number.CONFIRMED,
    needs_material: Number.MATERIALS,
    needs_nobody_registered: Number.REGISTERED,
    needs_no_mail: Number.MAILS,
}


def numbers_read(needs: Iterable[Need]) -> frozenset[Number]:
    """The numbers that these needs read; others need not be counted."""
    return frozenset(_READS[need] for need in needs if need in _READS)

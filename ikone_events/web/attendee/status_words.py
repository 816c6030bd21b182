"""Texts of the own page for each registration status: headline, sentences, next action."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.events.facts import AFTER_FOLLOW_UP, CALLED_OFF
from ikone_events.domain.registering.seating import promotion_end
from ikone_events.domain.registering.self_service import SelfServiceAction
from ikone_events.domain.registering.status import (
    OVER,
    Actor,
    RegistrationAction,
    RegistrationStatus,
    actor_of,
)
from ikone_events.domain.rooms.door import Door
from ikone_events.domain.times import date_medium
from ikone_events.services.mails.values import link_day
from ikone_events.services.registering.seating import mode_of
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration, StatusChange
from ikone_events.web.attendee.frame import is_handed_over
from ikone_events.web.shell.filters import moment_words
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, page_locale

_PENDING = (
    RegistrationStatus.ADDRESS,
    RegistrationStatus.APPROVAL,
    RegistrationStatus.WAITING,
    RegistrationStatus.OFFERED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusFacts:
    """One registration at one moment, with everything that its texts depend on.

    `mail_queued`: the mail with which the time of a reserved seat begins has not left. `last` is
    the last status change, `position` the one on the waiting list, `may_return` whether
    the person can register again.
    """

    now: datetime
    registration: Registration
    status: RegistrationStatus
    mail_queued: bool
    last: StatusChange | None
    position: int | None
    door: Door
    may_return: bool
    room_in_other_mode: bool

    @property
    def event(self) -> Event:
        """The event of the registration."""
        return self.registration.event


@dataclass(frozen=True, slots=True)
class StatusWords:
    """Headline and sentences; `wish` is the action to offer, `again` whether to offer the form."""

    headline: str
    sentences: tuple[str, ...]
    wish: SelfServiceAction | None = None
    again: bool = False


def status_words(facts: StatusFacts) -> StatusWords:
    """The texts for a registration."""
    if facts.status in _PENDING:
        if facts.event.state in CALLED_OFF:
            text = _("You are still registered. There is nothing for you to do at present.")
            return StatusWords(_("There is nothing for you to do"), (text,))
        if facts.now >= facts.event.ends_at:
            return StatusWords(
                _("The event is over"), (_("No place became free for you in time."),)
            )
    return _WORDS[facts.status](facts)


def _address(facts: StatusFacts) -> StatusWords:
    kept = _("Your place is kept for you until %(moment)s.", moment=_reserved_until(facts))
    if facts.mail_queued:
        kept = _not_begun()
    else_ = _("If you have not confirmed by then, it goes to somebody else.")
    return StatusWords(
        _("Please confirm your e-mail address"), (kept, else_), SelfServiceAction.CONFIRM_ADDRESS
    )


def _approval(_facts: StatusFacts) -> StatusWords:
    return StatusWords(
        _("The organisers are looking at your registration"),
        (
            _("At this event they decide about each registration. A place is kept for you."),
            _("You get an e-mail as soon as it is decided. You need not do anything."),
        ),
    )


def _waiting(facts: StatusFacts) -> StatusWords:
    if not _promotes(facts):
        text = _("Nobody moves up from the waiting list after the start.")
        return StatusWords(_("The event has begun"), (text, _("Please ask the contact.")))
    headline = _("Position %(position)d on the waiting list", position=facts.position)
    return StatusWords(headline, (_when_seat_is_free(facts), *_exceptions(facts)))


def _promotes(facts: StatusFacts) -> bool:
    event = facts.event
    until = promotion_end(
        mode_of(event, facts.registration),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        accepts_late=event.accepts_late,
    )
    return facts.now < until


def _when_seat_is_free(facts: StatusFacts) -> str:
    hours = facts.event.offer_hours
    if hours is None:
        return _("If a place becomes free, you get it in this order, and an e-mail at once.")
    return ngettext(
        "If a place becomes free, we offer it to you by e-mail. You then have %(num)d hour to "
        "accept it.",
        "If a place becomes free, we offer it to you by e-mail. You then have %(num)d hours to "
        "accept it.",
        hours,
    )


def _exceptions(facts: StatusFacts) -> Iterator[str]:
    """Rules because of which people further down the waiting list may get a seat first."""
    event = facts.event
    if facts.room_in_other_mode:
        yield _("You wait for a place in the way you chose. In the other way there is still room.")
    elif event.capacity_online is not None or event.capacity_on_site is not None:
        yield _(
            "Places on site and online are counted apart: somebody behind you who takes part "
            "in the other way may get one first."
        )
    if event.per_administration is not None:
        yield ngettext(
            "Each public body can have %(num)d place. While yours has it, others may pass.",
            "Each public body can have %(num)d places. While yours has them, others may pass.",
            event.per_administration,
        )
    if event.members_until is not None and facts.now < event.members_until:
        moment = moment_words(event.members_until, event.zone)
        yield _("Until %(moment)s places go to the members of the network first.", moment=moment)


def _offered(facts: StatusFacts) -> StatusWords:
    until = _("Please accept it by %(moment)s.", moment=_reserved_until(facts))
    if facts.mail_queued:
        until = _not_begun()
    else_ = _("After that it goes to the next person on the waiting list.")
    return StatusWords(_("A place is free for you"), (until, else_), SelfServiceAction.ACCEPT)


def _cancelled(facts: StatusFacts) -> StatusWords:
    if is_handed_over(facts.last):
        sentences: tuple[str, ...] = (
            _("Your registration has passed to your deputy. It stays with your organisation."),
            _("You need not do anything more."),
        )
        return StatusWords(_("You have handed over your registration"), sentences)
    if facts.last is not None and actor_of(facts.last.actor) is Actor.ORGANISER:
        sentences = (_("You no longer have a place. If this surprises you, ask the contact."),)
        return StatusWords(_("The organisers have taken you off the list"), sentences)
    text = _(
        "You have withdrawn from this event."
        " After the confirmation you get no more e-mails about it."
    )
    return StatusWords(_("You have withdrawn"), (text,), again=facts.may_return)


def _declined(facts: StatusFacts) -> StatusWords:
    reason = facts.last.reason if facts.last is not None else ""
    said = (_("The reason: %(reason)s", reason=reason),) if reason else ()
    ask = _("If you have questions about this, ask the contact.")
    return StatusWords(_("The organisers have declined your registration"), (*said, ask))


def _expired(facts: StatusFacts) -> StatusWords:
    return_ = _("You can register again.") if facts.may_return else _("Please ask the contact.")
    headline = _("Your registration has expired")
    return StatusWords(headline, (_why_expired(facts.last), return_), again=facts.may_return)


def _why_expired(last: StatusChange | None) -> str:
    if last is None or last.action != RegistrationAction.EXPIRE.value:
        return _("The time for an answer has run out.")
    if last.reason == OVER:
        return _("The event was over.")
    if last.source == RegistrationStatus.OFFERED.value:
        return _("The place that was offered to you was not accepted in time and was given on.")
    return _("Your e-mail address was not confirmed in time, so the place was given on.")


def _not_begun() -> str:
    return _(
        "Your place is kept for you. Our e-mail about it is still on its way; your time begins "
        "when it is delivered."
    )


def _reserved_until(facts: StatusFacts) -> str:
    return moment_words(facts.registration.reserved_until or facts.event.ends_at, facts.event.zone)


def _confirmed(facts: StatusFacts) -> StatusWords:
    headline = {
        Door.OVER: _("The event is over"),
        Door.CALLED_OFF: _("There is nothing for you to do"),
    }.get(facts.door, _("You have a place"))
    text = _by_door(facts)
    return StatusWords(headline, (text,) if text else ())


def _by_door(facts: StatusFacts) -> str:
    """What comes next, by the door of the video room; "" for nothing."""
    if facts.door is Door.LINK_COMES:
        return _link_comes(facts)
    if facts.door is Door.WAITING:
        return _(
            "The video room opens a quarter of an hour before the start, through the button on "
            "this page or the link in your e-mail."
        )
    if facts.door is Door.OPEN:
        return _("The video room is open now.")
    if facts.event.state in AFTER_FOLLOW_UP:
        return ""
    if facts.door is Door.ON_SITE:
        return _("We look forward to seeing you. Slides and links will follow by e-mail.")
    return _("Slides and links will follow by e-mail.") if facts.door is Door.OVER else ""


def _link_comes(facts: StatusFacts) -> str:
    day = link_day(facts.event, facts.now)
    if day is None:
        return _("The access link to the video conference comes by e-mail before the start.")
    words = date_medium(day, locale=page_locale(), zone=facts.event.zone)
    return _("The access link to the video conference comes on %(day)s.", day=words)


_WORDS: Mapping[RegistrationStatus, Callable[[StatusFacts], StatusWords]] = {
    RegistrationStatus.ADDRESS: _address,
    RegistrationStatus.APPROVAL: _approval,
    RegistrationStatus.WAITING: _waiting,
    RegistrationStatus.OFFERED: _offered,
    RegistrationStatus.CONFIRMED: _confirmed,
    RegistrationStatus.CANCELLED: _cancelled,
    RegistrationStatus.DECLINED: _declined,
    RegistrationStatus.EXPIRED: _expired,
}

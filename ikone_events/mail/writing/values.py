"""The values of templates: those that many people share, and those of one person.

Shared texts are rendered with stand-ins for the values of a person: templates may print them and
ask whether there is one, but do nothing else with them.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from types import SimpleNamespace

from ikone_events.domain.events.changes import where
from ikone_events.domain.header_text import one_line
from ikone_events.domain.mails.facts import Briefing, BriefingQuestion, Links, MailFacts, Recipient
from ikone_events.domain.salutation import mail_salutation
from ikone_events.domain.times import NBSP, clock, date_numeric, date_words, moment_mail, span_mail
from ikone_events.mail.writing.markdown import UntrustedText

LONGEST_TITLE_IN_SUBJECT = 120

_CLOSING = {"de": "Freundliche Grüße", "en": "Kind regards"}
_WAYS = {
    "de": {"online": "online", "on_site": "vor Ort", "hybrid": "vor Ort oder online"},
    "en": {"online": "online", "on_site": "on site", "hybrid": "on site or online"},
}
_WAITING = "waitlisted"
# A seat is reserved for them, but not theirs yet.
_RESERVED = ("pending", "offered")
# What differs from person to person.
_NAMES = ("first_name", "last_name", "question")
_LINKS = (
    *("manage", "change", "withdraw", "room", "ticket", "materials", "confirm", "accept"),
    *("feedback", "speaker", "upload", "standing", "certificate", "request"),
)
_NOBODY = {locale: Recipient(email="", locale=locale) for locale in ("de", "en")}


class StandIn(str):
    """The name of a value of one person, in place of the value."""

    __slots__ = ()


def own_values(facts: MailFacts) -> dict[str, str]:
    """The values of one person, by their names in templates.

    What anybody may have typed becomes no link.
    """
    who, links = facts.recipient, facts.links
    return {
        "greeting": UntrustedText(_greeting(who)),
        "recipient.first_name": UntrustedText(who.first_name),
        "recipient.last_name": UntrustedText(who.last_name),
        "recipient.question": UntrustedText(who.question),
        "facts.registered_by": UntrustedText(facts.registered_by),
        "facts.standing_series": facts.standing_series,
        "facts.other_person": UntrustedText(facts.other_person),
        "facts.contact_source": UntrustedText(facts.contact_source),
        "reserved_until": _moment(facts.reserved_until, facts.event.zone, who.locale),
        "links.manage": links.manage,
        "links.change": links.change,
        "links.withdraw": links.withdraw,
        "links.room": links.room,
        "links.ticket": links.ticket,
        "links.materials": links.materials,
        "links.confirm": links.confirm,
        "links.accept": links.accept,
        "links.feedback": links.feedback,
        "links.speaker": links.speaker,
        "links.upload": links.upload,
        "links.standing": links.standing,
        "links.certificate": links.certificate,
        "links.request": links.request,
        **{f"material {number}": each.url for number, each in enumerate(facts.materials)},
        **{f"asked {n}": UntrustedText(each.text) for n, each in enumerate(facts.questions)},
        **{f"answer {n}": each.answer for n, each in enumerate(facts.questions)},
    }


def shared_facts(facts: MailFacts) -> MailFacts:
    """The facts without those of `own_values`: equal for all people who get the same text."""
    return replace(
        facts,
        recipient=_NOBODY[facts.recipient.locale],
        links=_no_links(facts.links.privacy),
        invitation=None,
        registered_by="",
        standing_series="",
        other_person="",
        contact_source="",
        reserved_until=None,
        materials=tuple(replace(each, url="") for each in facts.materials),
        questions=tuple(replace(each, text="", answer="") for each in facts.questions),
    )


@lru_cache(maxsize=2)
def _no_links(privacy: str) -> Links:
    return Links(manage="", privacy=privacy)


def shared_values(facts: MailFacts, own: Callable[[str], str]) -> dict[str, object]:
    """The variables of the templates for shared facts; `own` are stand-ins for the others."""
    event, locale = facts.event, facts.recipient.locale
    zone = event.zone
    when = span_mail(event.starts_at, event.ends_at, locale=locale, zone=zone)
    old_when = span_mail(*facts.old_dates, locale=locale, zone=zone) if facts.old_dates else ""
    return {
        "event": event,
        "recipient": _namespace("recipient", _NAMES, own),
        "links": _namespace("links", _LINKS, own, privacy=facts.links.privacy),
        "facts": _completed(facts, own),
        "briefing": _briefing(facts),
        "waiting": facts.status == _WAITING,
        "reserved": facts.status in _RESERVED,
        "way": _WAYS[locale].get(event.format, ""),
        "has_materials": bool(facts.materials or own("links.materials")),
        "greeting": own("greeting"),
        "closing": _CLOSING[locale],
        "title": _short(one_line(event.title)),
        "when": when,
        "where": where(event, locale),
        "changes": facts.changes,
        "old_when": "" if old_when == when else old_when,
        "day": date_numeric(event.starts_at, locale=locale, zone=zone).replace(NBSP, " "),
        "held_on": date_words(event.starts_at, locale=locale, zone=zone),
        "start": clock(event.starts_at, zone=zone),
        "end": clock(event.ends_at, zone=zone),
        "opens_at": _clock(event.room_opens_at, zone),
        "delete_on": _date(facts.delete_on, locale),
        "link_sent_on": _date(facts.link_sent_on, locale),
        "available_until": _date(facts.available_until, locale),
        "deadline": _moment(facts.deadline, zone, locale),
        "reserved_until": own("reserved_until"),
        "seats_left": "" if facts.free_places is None else str(facts.free_places),
    }


def _completed(facts: MailFacts, own: Callable[[str], str]) -> MailFacts:
    return replace(
        facts,
        registered_by=own("facts.registered_by"),
        standing_series=own("facts.standing_series"),
        other_person=own("facts.other_person"),
        contact_source=own("facts.contact_source"),
        materials=tuple(
            replace(each, url=own(f"material {number}"))
            for number, each in enumerate(facts.materials)
        ),
        questions=tuple(
            replace(each, text=own(f"asked {number}"), answer=own(f"answer {number}"))
            for number, each in enumerate(facts.questions)
        ),
        new_people=tuple(
            replace(each, people=tuple(map(UntrustedText, each.people)))
            for each in facts.new_people
        ),
    )


def _briefing(facts: MailFacts) -> Briefing:
    questions = tuple(
        BriefingQuestion(text=UntrustedText(each.text), body=UntrustedText(each.body))
        for each in facts.briefing.questions
    )
    return replace(facts.briefing, questions=questions)


def _namespace(
    first: str, names: Iterable[str], own: Callable[[str], str], **others: str
) -> SimpleNamespace:
    return SimpleNamespace(**{name: own(f"{first}.{name}") for name in names}, **others)


def _greeting(recipient: Recipient) -> str:
    return mail_salutation(
        salutation=recipient.salutation,
        title=recipient.title,
        first_name=recipient.first_name,
        last_name=recipient.last_name,
        locale=recipient.locale,
        override=one_line(recipient.mail_salutation),
    )


def _clock(moment: datetime | None, zone: str) -> str:
    return clock(moment, zone=zone) if moment else ""


def _date(day: date | None, locale: str) -> str:
    return date_words(day, locale=locale) if day else ""


def _moment(moment: datetime | None, zone: str, locale: str) -> str:
    return moment_mail(moment, locale=locale, zone=zone) if moment else ""


def _short(title: str) -> str:
    """The title cut for a subject, which contains other words too."""
    if len(title) <= LONGEST_TITLE_IN_SUBJECT:
        return title
    return title[: LONGEST_TITLE_IN_SUBJECT - 1].rstrip() + "…"

"""The page before anything is sent: who gets it, how it reads, what it does to calendars."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Response, flash, make_response, render_template, request

from ikone_events.domain.calendars.words import calendar_words
from ikone_events.domain.mails.audiences import AUDIENCE_LABELS
from ikone_events.domain.mails.kinds import LABELS
from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.services.installation import now
from ikone_events.services.mails.drafts import (
    Draft,
    Sending,
    draft_for,
    harmless_draft_for,
    mask_links,
    send_test,
)
from ikone_events.services.mails.recipients import (
    Person,
    counts_by_kind,
    find_person,
    page_of,
    total_of,
)
from ikone_events.store.db import transaction
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.frame import page_number, say_all
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.shell.access import organiser
from ikone_events.web.shell.i18n import LOCALES, page_locale

# The mail with its own styles, and nothing else: no script, no picture, no form, no link out.
HTML_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendButton:
    """What the page's buttons do: where each leads, and what the form carries along."""

    title: str
    what: str
    here: str
    html: str
    test: str
    send: str
    send_label: str
    back: str
    kept: Mapping[str, str] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()
    grave: bool = False
    asks: bool = False
    schedule: str = ""
    schedule_label: str = ""
    more: tuple[tuple[str, str], ...] = ()


def show_preview(sending: Sending, press: SendButton) -> str:
    """The page itself; the search and the chosen person come from the request."""
    event, words = sending.event, request.values.get("q", "")[:200]
    page = page_of(sending, words=words, number=_number())
    person = find_person(sending, request.values.get("person", ""))
    kinds = counts_by_kind(sending)
    unfit: tuple[Complaint, ...] = ()
    mails: list[Draft] = []
    try:
        mails = _mails(sending, person)
    except UnfitInput as refusal:
        unfit = refusal.complaints
    return render_template(
        "organiser/mails/preview.html",
        event=event,
        press=press,
        total=total_of(sending),
        kinds=[(_(LABELS[kind]), number) for kind, number in kinds.items() if number],
        audience=_(AUDIENCE_LABELS[sending.message.audience]),
        page=page,
        rows=[row_of(one) for one in page.rows],
        words=words,
        person=row_of(person) if person else None,
        mails=mails,
        unfit=say_all(unfit),
        entry=entry_words(
            next((d.mail.calendar for d in mails if d.locale == page_locale()), None),
            event.zone,
        ),
        own_address=organiser().email,
    )


def show_html(sending: Sending) -> Response:
    """The HTML mail of the chosen person, in a sandbox of its own."""
    person = find_person(sending, request.values.get("person", ""))
    html = ""
    if person is not None:
        html = draft_for(sending, person, _wished_locale(person), now=now()).mail.html
    return sandboxed(html)


def sandboxed(html: str) -> Response:
    """HTML of a mail as an answer in which nothing runs, loads or leads away."""
    response = make_response(html)
    response.headers["Content-Security-Policy"] = HTML_POLICY
    return response


def test_to_myself(sending: Sending) -> None:
    """Send the chosen person's mail to the signed-in organiser, without its powers."""
    person, me = find_person(sending, request.values.get("person", "")), organiser()
    if person is None:
        flash(_("Nobody is written to, so there is nothing to try."), "warning")
        return
    try:
        draft = harmless_draft_for(sending, person, _wished_locale(person), now=now())
    except UnfitInput:
        return  # the page that follows says why
    with transaction():
        send_test(draft, sending.event, recipient=me.email, name=me.name, now=now())
    flash(_("A test is on its way to %(address)s.", address=me.email), "success")


def row_of(person: Person) -> dict[str, str]:
    """A recipient as a line of the list."""
    row = {"id": person.public_id, "email": person.email, "locale": person.locale}
    if isinstance(person, Registration):
        name = f"{person.last_name}, {person.first_name}"
        return {**row, "name": name, "organisation": person.organisation_text}
    return {**row, "name": person.email, "organisation": ""}


def _mails(sending: Sending, person: Person | None) -> list[Draft]:
    """The mail in both languages, the person's own first."""
    if person is None:
        return []
    languages = sorted(LOCALES, key=lambda locale: locale != person.locale)
    return [draft_for(sending, person, locale, now=now()) for locale in languages]


def entry_words(calendar: bytes | None, zone: str) -> list[tuple[str, str]]:
    """What a calendar object does, in words of the page's language; empty when there is none."""
    if not calendar:
        return []
    words = calendar_words(calendar, locale=page_locale(), zone=zone)
    return [
        (_(label), _(value) if label == "Effect" else mask_links(value)) for label, value in words
    ]


def _wished_locale(person: Person) -> str:
    wish = request.values.get("in", "")
    return wish if wish in LOCALES else person.locale


def _number() -> int:
    """The page, from the address or from a button of the form."""
    return request.form.get("page", 0, type=int) or page_number()

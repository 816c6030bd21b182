"""Preview of a mailing: its recipients, the mail of one of them, the effect on calendars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response, flash, make_response, render_template, request

from ikone_events.domain.calendars.preview import calendar_words
from ikone_events.domain.mails.audiences import AUDIENCE_LABELS, OF_NEWS
from ikone_events.domain.mails.kinds import LABELS, MailKind
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.words import LOCALES
from ikone_events.services.installation import now
from ikone_events.services.mails.drafts import (
    Draft,
    Person,
    Sending,
    counts_by_kind,
    draft_for,
    find_person,
    harmless_draft_for,
    mask_links,
    page_of,
    send_test,
    total_of,
)
from ikone_events.store.db import transaction
from ikone_events.store.directory.models import Contact
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.frame import page_number, translate_all
from ikone_events.web.organiser.mails.mailing_words import code_words
from ikone_events.web.shell.access import Permission, may, organiser
from ikone_events.web.shell.forms import typed_line
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.limits import limited

# Limits test mails by account, not by network.
limit_tests = limited("6 per minute; 60 per hour", key_func=lambda: f"organiser:{organiser().id}")
# Allows the mail's own styles alone: no script, picture, form or link.
HTML_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendButton:
    """The buttons of a preview: their addresses, and the form values that they repeat.

    The mail's HTML is at `here` + "/html", the test mail to oneself at `here` + "/test". `readers`
    names those of one version, where the audience has several. `form` is the id of a form of the
    page that holds all of it instead of `kept`.
    """

    title: str
    what: str
    here: str
    send: str
    send_label: str
    back: str
    form: str = ""
    kept: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()
    grave: bool = False
    asks: bool = False
    schedule: str = ""
    schedule_label: str = ""
    more: tuple[tuple[str, str], ...] = ()
    tab: str = "overview"
    readers: str = ""


def show_preview(
    sending: Sending,
    press: SendButton,
    *,
    template: str = "organiser/mails/preview.html",
    **more: object,
) -> str:
    """Render the page, or a `template` that extends it and shows `more`.

    The search and the chosen person come from the request. Subscribers and contacts are listed for
    those who may see them; all others see the mail alone.
    """
    listed = sending.message.audience not in OF_NEWS or may(Permission.SEE_SUBSCRIBERS)
    event, words = sending.event, typed_line(request.values.get("q"))[:200] if listed else ""
    # The page number comes from the address, or from a button of the form.
    number = request.form.get("page", 0, type=int) or page_number()
    page = page_of(sending, words=words, number=number)
    person = find_person(sending, request.values.get("person", ""))
    mails, unfit = _mails(sending, person)
    own = next((draft for draft in mails if draft.locale == page_locale()), None)
    return render_template(
        template,
        event=event,
        press=press,
        total=total_of(sending),
        **_kinds(sending),
        audience=press.readers or _(AUDIENCE_LABELS[sending.message.audience]),
        about_code=code_words(event, sending.message.audience),
        page=page,
        listed=listed,
        rows=[row_of(one) for one in page.rows] if listed else [],
        words=words,
        person=_shown_row(person, listed=listed) if person else None,
        mails=mails,
        unfit=unfit,
        entry=_entry_words(own, event.zone) if own else [],
        own_address=organiser().email,
        **more,
    )


def _kinds(sending: Sending) -> dict[str, Any]:
    """Return the number of e-mails of each kind, and of how many people attendance is unknown."""
    found = counts_by_kind(sending)
    is_over = sending.now >= sending.event.ends_at
    return {
        "kinds": [(_(LABELS[kind]), number) for kind, number in found.items() if number],
        "unrecorded": found.get(MailKind.FOLLOW_UP_UNKNOWN, 0) if is_over else 0,
    }


def show_html(sending: Sending) -> Response:
    """Return the chosen person's mail as HTML, in a sandbox."""
    person = find_person(sending, request.values.get("person", ""))
    html = ""
    if person is not None:
        html = draft_for(sending, person, _wished_locale(person), now=now()).mail.html
    return sandboxed(html)


def sandboxed(html: str) -> Response:
    """Return HTML in a response that forbids scripts, requests and navigation."""
    response = make_response(html)
    response.headers["Content-Security-Policy"] = HTML_POLICY
    return response


def test_to_myself(sending: Sending) -> None:
    """Send the chosen person's mail, without working personal links, to the organiser."""
    person, me = find_person(sending, request.values.get("person", "")), organiser()
    if person is None:
        flash(_("Nobody is written to, so there is nothing to try."), "warning")
        return
    try:
        draft = harmless_draft_for(sending, person, _wished_locale(person), now=now())
    except UnfitInput:
        return  # the page shown next lists the complaints
    with transaction():
        send_test(draft, sending.event, recipient=me.email, name=me.name, now=now())
    flash(_("A test is on its way to %(address)s.", address=me.email), "success")


def row_of(person: Person) -> dict[str, str]:
    """Return a recipient as a row of the list."""
    row = {"id": person.public_id, "email": person.email, "locale": person.locale}
    if isinstance(person, Registration):
        name = f"{person.last_name}, {person.first_name}"
        return {**row, "name": name, "organisation": person.organisation_text}
    if isinstance(person, Contact):
        return {**row, "name": person.name, "organisation": person.organisation_text}
    return {**row, "name": person.email, "organisation": ""}


def _shown_row(person: Person, *, listed: bool) -> dict[str, str]:
    """Return the recipient whose mail is shown, without name and address unless listed."""
    nobody = {"name": _("a subscriber"), "email": "", "organisation": ""}
    return row_of(person) if listed else {**row_of(person), **nobody}


def _mails(sending: Sending, person: Person | None) -> tuple[list[Draft], list[str]]:
    """Return the mail in both languages, the person's own first, or why it can't be written."""
    if person is None:
        return [], []
    languages = sorted(LOCALES, key=lambda locale: locale != person.locale)
    try:
        return [draft_for(sending, person, locale, now=now()) for locale in languages], []
    except UnfitInput as refusal:
        return [], translate_all(refusal.complaints)


def _entry_words(draft: Draft, zone: str) -> list[tuple[str, str]]:
    invitation = draft.facts.invitation
    updates = invitation is not None and invitation.updates
    return entry_words(draft.mail.calendar, zone, updates=updates)


def entry_words(calendar: bytes | None, zone: str, *, updates: bool) -> list[tuple[str, str]]:
    """Describe a calendar object in the page's language as pairs of label and value."""
    if not calendar:
        return []
    words = calendar_words(calendar, updates=updates, locale=page_locale(), zone=zone)
    return [
        (_(label), _(value) if label == "Effect" else mask_links(value)) for label, value in words
    ]


def _wished_locale(person: Person) -> str:
    wish = request.values.get("in", "")
    return wish if wish in LOCALES else person.locale

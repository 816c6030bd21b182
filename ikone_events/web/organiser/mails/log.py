"""The letters of an event: what became of each mailing and each letter, and what can be done."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField

from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.app_context import now
from ikone_events.services.incoming import resending
from ikone_events.services.incoming.corrections import correct_and_retry
from ikone_events.services.mails.drafts import mask_links
from ikone_events.services.mails.mailing_figures import account_of, accounts_of
from ikone_events.services.mails.mailings import get_mailing, resume_mailing, stop_mailing
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.log import STATES, Wish, get_letter, kinds_in, search_letters
from ikone_events.store.mails.models import OutboxMail
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    page_number,
    page_url,
    pager,
    place,
    seen_event,
)
from ikone_events.web.organiser.mails.mailing_words import (
    figures_words,
    happenings,
    kind_label,
    mailing_label,
    rest_words,
    state_of,
)
from ikone_events.web.organiser.mails.preview_page import entry_words, sandboxed
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.organiser.words import ngettext
from ikone_events.web.shell.access import Permission, permission

MAILING = "/events/<slug>/mailings/<int(max=2147483647):mailing_id>"
LETTER = "/events/<slug>/mail/<int(max=2147483647):letter_id>"


@blueprint.get("/events/<slug>/mail")
@permission(Permission.SEE_EVENTS)
def mail(slug: str) -> str:
    """Mailings with their figures, and the log of letters, failed ones first."""
    event, wish, moment = seen_event(slug), _wish(), now()
    page = search_letters(event, wish, number=page_number())
    query = _query(wish)
    return render_template(
        "organiser/mail.html",
        event=event,
        accounts=[one for one in accounts_of(event) if one.figures.total or one.is_running],
        page=page,
        pager=pager(page),
        page_url=page_url("organiser.mail", slug=slug, **query),
        wish=wish,
        query=query,
        states=STATES,
        kinds=kinds_in(event),
        kind_label=kind_label,
        mailing_label=mailing_label,
        figures_words=figures_words,
        rest_words=rest_words,
        state_of=lambda letter: state_of(letter, moment),
    )


class AddressForm(FlaskForm):
    """The right address of somebody whose letter came back."""

    email = StringField(
        _l("Right address"), render_kw={"type": "email", "inputmode": "email", "maxlength": 254}
    )


@blueprint.get(LETTER)
@permission(Permission.SEE_EVENTS)
def letter(slug: str, letter_id: int) -> str:
    """One letter as its recipient reads it, without the recipient's own link; and its journey."""
    event = seen_event(slug)
    found = get_letter(event, letter_id)
    return show_letter(event, found, AddressForm(email=found.recipient))


def show_letter(event: Event, found: OutboxMail, form: AddressForm) -> str:
    """The page of a letter, with a form for its address where it failed."""
    return render_template(
        "organiser/letter.html",
        event=event,
        letter=found,
        text=mask_links(found.text),
        entry=entry_words(found.calendar, event.zone),
        kind_label=kind_label,
        happenings=happenings(found),
        state=state_of(found, now()),
        form=form,
    )


@blueprint.post(f"{LETTER}/correct")
@permission(Permission.EDIT_EVENTS)
def correct_letter(slug: str, letter_id: int) -> Answer:
    """Correct the address of a failed letter, also with the person, and send it again."""
    event, form = seen_event(slug), AddressForm()
    address = (form.email.data or "").strip()

    try:
        with transaction():
            correct_and_retry(event, letter_id, address, now=now(), actor=actor())
    except UnfitInput as refusal:
        place(form, refusal.complaints)
        return show_letter(event, get_letter(event, letter_id), form), 422
    flash(_("The address has been corrected; the letter is being sent again."), "success")
    return redirect(url_for("organiser.letter", slug=slug, letter_id=letter_id), 303)


@blueprint.get(f"{LETTER}/html")
@permission(Permission.SEE_EVENTS)
def letter_html(slug: str, letter_id: int) -> Answer:
    """The letter with its design, in a sandbox and without the recipient's own link."""
    return sandboxed(mask_links(get_letter(seen_event(slug), letter_id).html))


@blueprint.post(f"{LETTER}/retry")
@permission(Permission.EDIT_EVENTS)
def retry_letter(slug: str, letter_id: int) -> Answer:
    """Send one failed letter again."""
    event = seen_event(slug)
    with transaction():
        resending.retry_letter(event, letter_id, now=now(), actor=actor())
    flash(_("The letter is being sent again."), "success")
    return redirect(url_for("organiser.mail", slug=slug), 303)


@blueprint.post("/events/<slug>/mail/retry")
@permission(Permission.EDIT_EVENTS)
def retry_letters(slug: str) -> Answer:
    """Send every failed letter of the event again."""
    event = seen_event(slug)
    with transaction():
        number = resending.retry_letters(event, now=now(), actor=actor())
    words = ngettext(
        "One letter is being sent again.", "%(num)d letters are being sent again.", number
    )
    flash(words, "success")
    return redirect(url_for("organiser.mail", slug=slug), 303)


@blueprint.post(f"{MAILING}/stop")
@permission(Permission.EDIT_EVENTS)
def stop(slug: str, mailing_id: int) -> Answer:
    """Hold back what has not gone; says what has."""
    event = seen_event(slug)
    with transaction():
        account = account_of(stop_mailing(event, mailing_id, actor=actor(), now=now()))
    figures = account.figures
    if account.is_stopped:
        words = _(
            "Stopped: %(sent)d of %(all)d letters have gone, %(held)d are held back.",
            sent=figures.sent,
            all=figures.total,
            held=figures.stopped + figures.unwritten,
        )
        flash(words, "success")
    else:
        flash(_("There was nothing left to stop: all letters have gone."), "warning")
    return redirect(url_for("organiser.mail", slug=slug, _anchor=f"m-{mailing_id}"), 303)


@blueprint.post(f"{MAILING}/resume")
@permission(Permission.EDIT_EVENTS)
def resume(slug: str, mailing_id: int) -> Answer:
    """Send the rest after all."""
    event = seen_event(slug)
    with transaction():
        account = account_of(resume_mailing(event, mailing_id, actor=actor(), now=now()))
    waiting = account.figures.queued + account.figures.unwritten
    flash(
        ngettext("One letter is being sent.", "%(num)d letters are being sent.", waiting), "success"
    )
    return redirect(url_for("organiser.mail", slug=slug, _anchor=f"m-{mailing_id}"), 303)


@blueprint.post(f"{MAILING}/retry")
@permission(Permission.EDIT_EVENTS)
def retry_mailing(slug: str, mailing_id: int) -> Answer:
    """Send the failed letters of one mailing again."""
    event = seen_event(slug)
    with transaction():
        mailing = get_mailing(event, mailing_id)
        number = resending.retry_letters(event, now=now(), actor=actor(), mailing_id=mailing.id)
    words = ngettext(
        "One letter is being sent again.", "%(num)d letters are being sent again.", number
    )
    flash(words, "success")
    return redirect(url_for("organiser.mail", slug=slug, _anchor=f"m-{mailing_id}"), 303)


def _wish() -> Wish:
    """The filter of the address; nonsense filters nothing."""
    state = request.args.get("state", "")
    mailing = request.args.get("mailing", 0, type=int)
    return Wish(
        words=request.args.get("q", "")[:200],
        state=state if state in STATES else "",
        kind=request.args.get("kind", "")[:30],
        mailing_id=mailing if 0 < mailing < 2**31 else None,
    )


def _query(wish: Wish) -> dict[str, Any]:
    values = {"q": wish.words, "state": wish.state, "kind": wish.kind, "mailing": wish.mailing_id}
    return {name: value for name, value in values.items() if value}

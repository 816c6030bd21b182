"""The mails of an event: what became of each mailing and each mail, and what can be done."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField

from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.incoming import resending
from ikone_events.services.incoming.corrections import correct_and_retry
from ikone_events.services.installation import now
from ikone_events.services.mails.drafts import mask_links
from ikone_events.services.mails.mailing_figures import account_of, accounts_of
from ikone_events.services.mails.mailings import get_mailing, resume_mailing, stop_mailing
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.log import STATES, MailSearch, get_mail, kinds_in, search_mails
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
MAIL = "/events/<slug>/mail/<int(max=2147483647):mail_id>"


@blueprint.get("/events/<slug>/mail")
@permission(Permission.SEE_EVENTS)
def mail(slug: str) -> str:
    """Mailings with their figures, and the log of mails, failed ones first."""
    event, wish, moment = seen_event(slug), _wish(), now()
    page = search_mails(event, wish, number=page_number())
    query = _query(wish)
    return render_template(
        "organiser/mails/log.html",
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
        state_of=lambda outbox_mail: state_of(outbox_mail, moment),
    )


class AddressForm(FlaskForm):
    """The right address of somebody whose mail came back."""

    email = StringField(
        _l("Right address"), render_kw={"type": "email", "inputmode": "email", "maxlength": 254}
    )


@blueprint.get(MAIL)
@permission(Permission.SEE_EVENTS)
def one_mail(slug: str, mail_id: int) -> str:
    """One mail as its recipient reads it, without the recipient's own link; and its journey."""
    event = seen_event(slug)
    found = get_mail(event, mail_id)
    return show_mail(event, found, AddressForm(email=found.recipient))


def show_mail(event: Event, found: OutboxMail, form: AddressForm) -> str:
    """The page of a mail, with a form for its address where it failed."""
    return render_template(
        "organiser/mails/mail.html",
        event=event,
        mail=found,
        text=mask_links(found.text),
        entry=entry_words(found.calendar, event.zone),
        kind_label=kind_label,
        happenings=happenings(found),
        state=state_of(found, now()),
        form=form,
    )


@blueprint.post(f"{MAIL}/correct")
@permission(Permission.EDIT_EVENTS)
def correct_mail(slug: str, mail_id: int) -> Answer:
    """Correct the address of a failed mail, also with the person, and send it again."""
    event, form = seen_event(slug), AddressForm()
    address = (form.email.data or "").strip()

    try:
        with transaction():
            correct_and_retry(event, mail_id, address, now=now(), actor=actor())
    except UnfitInput as refusal:
        place(form, refusal.complaints)
        return show_mail(event, get_mail(event, mail_id), form), 422
    flash(_("The address has been corrected; the e-mail is being sent again."), "success")
    return redirect(url_for("organiser.one_mail", slug=slug, mail_id=mail_id), 303)


@blueprint.get(f"{MAIL}/html")
@permission(Permission.SEE_EVENTS)
def mail_html(slug: str, mail_id: int) -> Answer:
    """The mail with its design, in a sandbox and without the recipient's own link."""
    return sandboxed(mask_links(get_mail(seen_event(slug), mail_id).html))


@blueprint.post(f"{MAIL}/retry")
@permission(Permission.EDIT_EVENTS)
def retry_mail(slug: str, mail_id: int) -> Answer:
    """Send one failed mail again."""
    event = seen_event(slug)
    with transaction():
        resending.retry_mail(event, mail_id, now=now(), actor=actor())
    flash(_("The e-mail is being sent again."), "success")
    return redirect(url_for("organiser.mail", slug=slug), 303)


@blueprint.post("/events/<slug>/mail/retry")
@permission(Permission.EDIT_EVENTS)
def retry_mails(slug: str) -> Answer:
    """Send every failed mail of the event again."""
    event = seen_event(slug)
    with transaction():
        number = resending.retry_mails(event, now=now(), actor=actor())
    words = ngettext(
        "One e-mail is being sent again.", "%(num)d e-mails are being sent again.", number
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
            "Stopped: %(sent)d of %(all)d e-mails have gone, %(held)d are held back.",
            sent=figures.sent,
            all=figures.total,
            held=figures.stopped + figures.unwritten,
        )
        flash(words, "success")
    else:
        flash(_("There was nothing left to stop: all e-mails have gone."), "warning")
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
        ngettext("One e-mail is being sent.", "%(num)d e-mails are being sent.", waiting), "success"
    )
    return redirect(url_for("organiser.mail", slug=slug, _anchor=f"m-{mailing_id}"), 303)


@blueprint.post(f"{MAILING}/retry")
@permission(Permission.EDIT_EVENTS)
def retry_mailing(slug: str, mailing_id: int) -> Answer:
    """Send the failed mails of one mailing again."""
    event = seen_event(slug)
    with transaction():
        mailing = get_mailing(event, mailing_id)
        number = resending.retry_mails(event, now=now(), actor=actor(), mailing_id=mailing.id)
    words = ngettext(
        "One e-mail is being sent again.", "%(num)d e-mails are being sent again.", number
    )
    flash(words, "success")
    return redirect(url_for("organiser.mail", slug=slug, _anchor=f"m-{mailing_id}"), 303)


def _wish() -> MailSearch:
    """The filter of the address; nonsense filters nothing."""
    state = request.args.get("state", "")
    mailing = request.args.get("mailing", 0, type=int)
    return MailSearch(
        words=request.args.get("q", "")[:200],
        state=state if state in STATES else "",
        kind=request.args.get("kind", "")[:30],
        mailing_id=mailing if 0 < mailing < 2**31 else None,
    )


def _query(wish: MailSearch) -> dict[str, Any]:
    values = {"q": wish.words, "state": wish.state, "kind": wish.kind, "mailing": wish.mailing_id}
    return {name: value for name, value in values.items() if value}

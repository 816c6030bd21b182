"""The mails of an event: mailings with their counts, single mails, stopping and retrying."""

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.events.obsolete_mailings import stop_by_hand
from ikone_events.services.events.undoing import take_back_message
from ikone_events.services.incoming import resending
from ikone_events.services.incoming.resending import Resent, correct_and_retry
from ikone_events.services.installation import now
from ikone_events.services.mails import mail_server
from ikone_events.services.mails.drafts import mask_links
from ikone_events.services.mails.mailing_progress import (
    progress_of,
    progress_of_mailings,
    running_mailings,
)
from ikone_events.services.mails.mailings import get_mailing, resume_mailing
from ikone_events.store.calendars.mails import updates_entry
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.log import STATES, MailSearch, get_mail, search_mails, waiting_by_kind
from ikone_events.store.mails.models import OutboxMail
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    flash_at,
    page_number,
    page_url,
    seen_event,
    show_complaints,
)
from ikone_events.web.organiser.mails.mailing_words import (
    counts_words,
    delivery_entries,
    kind_label,
    left_out_words,
    mail_label,
    mailing_label,
    rest_words,
    standstill,
    state_of,
)
from ikone_events.web.organiser.mails.preview_page import entry_words, sandboxed
from ikone_events.web.shell.access import Permission, may, permission
from ikone_events.web.shell.forms import LineField, typed_line
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext

MAILING = "/events/<slug>/mailings/<int(max=2147483647):mailing_id>"
# How often browsers load the list again while mails are being sent.
REFRESH_SECONDS = 5
MAIL = "/events/<slug>/mail/<int(max=2147483647):mail_id>"


@blueprint.get("/events/<slug>/mail/sent")
@permission(Permission.SEE_EVENTS)
def sent_mail(slug: str) -> Response:
    """List mailings with their counts, and mails with failed ones first.

    While something is being sent, browsers load the page again, unless somebody searches in it.
    """
    event, wish, moment = seen_event(slug), _search(), now()
    page = search_mails(event, wish, news=_may_see_news(), number=page_number())
    kinds = waiting_by_kind(event, moment)
    values = {"q": wish.words, "state": wish.state, "kind": wish.kind, "mailing": wish.mailing_id}
    query = {name: value for name, value in values.items() if value}
    mailings = [
        one for one in progress_of_mailings(event, moment) if one.counts.total or one.is_running
    ]
    text = render_template(
        "organiser/mails/log.html",
        event=event,
        mailings=mailings,
        places=[f"m-{one.mailing.id}" for one in mailings],
        page=page,
        page_url=page_url("organiser.sent_mail", slug=slug, **query),
        waiting=sum(kinds.values()),
        standstill=standstill(page.rows, moment),
        wish=wish,
        query=query,
        states=STATES,
        kinds=list(kinds),
        kind_label=kind_label,
        mail_label=mail_label,
        mailing_label=mailing_label,
        counts_words=counts_words,
        rest_words=rest_words,
        state_of=lambda outbox_mail: state_of(outbox_mail, moment),
    )
    response = make_response(text)
    if running_mailings(event, moment) and not request.args:
        # With the address: an anchor would make it a jump within the page that is shown.
        address = url_for("organiser.sent_mail", slug=slug)
        response.headers["Refresh"] = f"{REFRESH_SECONDS}; url={address}"
    return response


def _may_see_news() -> bool:
    """Return whether the account may see mails to subscribers and contacts."""
    return may(Permission.SEE_SUBSCRIBERS)


def _seen_mail(event: Event, mail_id: int) -> OutboxMail:
    """Return a mail that the account may see. Raises NotFound."""
    return get_mail(event, mail_id, news=_may_see_news())


class AddressForm(FlaskForm):
    """The corrected address for a mail that failed."""

    email = LineField(
        _l("Right address"), render_kw={"type": "email", "inputmode": "email", "maxlength": 254}
    )


@blueprint.get(MAIL)
@permission(Permission.SEE_EVENTS)
def one_mail(slug: str, mail_id: int) -> str:
    """Show one mail without its personal links, and its delivery log."""
    event = seen_event(slug)
    found = _seen_mail(event, mail_id)
    return _show_mail(event, found, AddressForm(email=found.recipient))


def _show_mail(event: Event, found: OutboxMail, form: AddressForm) -> str:
    """Render the page of a mail, with the form that corrects its address if it failed."""
    return render_template(
        "organiser/mails/mail.html",
        event=event,
        mail=found,
        text=mask_links(found.text),
        entry=entry_words(found.calendar, event.zone, updates=updates_entry(found)),
        kind_label=kind_label,
        delivery_entries=delivery_entries(found),
        state=state_of(found, now()),
        standstill=standstill([found], now()),
        form=form,
    )


@blueprint.post(f"{MAIL}/correct")
@permission(Permission.EDIT_EVENTS)
def correct_mail(slug: str, mail_id: int) -> Answer:
    """Correct the address of a failed mail and of its registration, and send it again."""
    event, form = seen_event(slug), AddressForm()
    address = (form.email.data or "").strip()
    _seen_mail(event, mail_id)
    try:
        with transaction():
            mail = correct_and_retry(event, mail_id, address, now=now(), actor=actor())
            leaves = mail.state == "queued"
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _show_mail(event, _seen_mail(event, mail_id), form), 422
    if leaves:
        flash(_("The address has been corrected; the e-mail is being sent again."), "success")
    else:
        text = _("The address has been corrected. This e-mail is not sent: it is no longer true.")
        flash(text, "success")
    return redirect(url_for("organiser.one_mail", slug=slug, mail_id=mail_id), 303)


@blueprint.get(f"{MAIL}/html")
@permission(Permission.SEE_EVENTS)
def mail_html(slug: str, mail_id: int) -> Answer:
    """Show the HTML of a mail in a sandbox, without its personal links."""
    return sandboxed(mask_links(_seen_mail(seen_event(slug), mail_id).html))


@blueprint.post(f"{MAIL}/retry")
@permission(Permission.EDIT_EVENTS)
def retry_mail(slug: str, mail_id: int) -> Answer:
    """Send one failed mail again."""
    event = seen_event(slug)
    _seen_mail(event, mail_id)
    with transaction():
        resending.retry_mail(event, mail_id, now=now(), actor=actor())
    flash(_("The e-mail is being sent again."), "success")
    return redirect(url_for("organiser.sent_mail", slug=slug), 303)


@blueprint.post("/events/<slug>/mail/now")
@permission(Permission.EDIT_EVENTS)
def send_mails_now(slug: str) -> Answer:
    """Try the waiting mails of the event at once, without the rest of their pauses."""
    event = seen_event(slug)
    with transaction():
        mail_server.send_now(event, now=now())
    flash(_("The waiting e-mails are being tried now."), "success")
    return redirect(url_for("organiser.sent_mail", slug=slug), 303)


@blueprint.post("/events/<slug>/mail/retry")
@permission(Permission.EDIT_EVENTS)
def retry_mails(slug: str) -> Answer:
    """Send the failed mails of the event again, except to undeliverable addresses."""
    event = seen_event(slug)
    with transaction():
        resent = resending.retry_mails(event, now=now(), actor=actor())
    return _sent_again(slug, resent)


@blueprint.post(f"{MAILING}/take-back")
@permission(Permission.EDIT_EVENTS)
def take_back_mailing(slug: str, mailing_id: int) -> Answer:
    """Take back a message to many that has not begun; it becomes a draft again."""
    event = seen_event(slug)
    with transaction():
        step = take_back_message(event, mailing_id)
    flash(
        _("The message has been taken back; nobody has received it. It is a draft again."),
        "success",
    )
    return redirect(url_for("organiser.preview_step", slug=slug, step_id=step.id), 303)


@blueprint.post(f"{MAILING}/stop")
@permission(Permission.EDIT_EVENTS)
def stop(slug: str, mailing_id: int) -> Answer:
    """Stop the mails of a mailing that have not been sent yet."""
    event, moment = seen_event(slug), now()
    with transaction():
        mailing = stop_by_hand(event, mailing_id, actor=actor(), now=moment)
        progress = progress_of(mailing, moment)
    counts = progress.counts
    if progress.is_stopped:
        words = _(
            "Stopped: %(sent)d of %(all)d e-mails have gone, %(held)d are held back.",
            sent=counts.sent,
            all=counts.total,
            held=counts.stopped + counts.unwritten,
        )
        flash_at(f"m-{mailing_id}", words)
    else:
        words = _("There was nothing left to stop: all e-mails have gone.")
        flash_at(f"m-{mailing_id}", words, "warning")
    return redirect(url_for("organiser.sent_mail", slug=slug, _anchor=f"m-{mailing_id}"), 303)


@blueprint.post(f"{MAILING}/resume")
@permission(Permission.EDIT_EVENTS)
def resume(slug: str, mailing_id: int) -> Answer:
    """Send the rest of a stopped mailing."""
    event, moment = seen_event(slug), now()
    with transaction():
        mailing = resume_mailing(event, mailing_id, actor=actor(), now=moment)
        progress = progress_of(mailing, moment)
    number = progress.counts.queued + progress.counts.unwritten
    words = ngettext("One e-mail is being sent.", "%(num)d e-mails are being sent.", number)
    flash_at(f"m-{mailing_id}", words)
    return redirect(url_for("organiser.sent_mail", slug=slug, _anchor=f"m-{mailing_id}"), 303)


@blueprint.post(f"{MAILING}/retry")
@permission(Permission.EDIT_EVENTS)
def retry_mailing(slug: str, mailing_id: int) -> Answer:
    """Send the failed mails of one mailing again."""
    event = seen_event(slug)
    with transaction():
        mailing = get_mailing(event, mailing_id)
        resent = resending.retry_mails(event, now=now(), actor=actor(), mailing_id=mailing.id)
    return _sent_again(slug, resent, anchor=f"m-{mailing_id}")


def _sent_again(slug: str, resent: Resent, anchor: str | None = None) -> Answer:
    words = ngettext(
        "One e-mail is being sent again.", "%(num)d e-mails are being sent again.", resent.sent
    )
    where = anchor or ""
    if resent.sent:
        flash_at(where, words)
    else:
        flash_at(where, _("No e-mail is being sent again."), "warning")
    for left_out in left_out_words(resent):
        flash_at(where, left_out, "warning")
    return redirect(url_for("organiser.sent_mail", slug=slug, _anchor=anchor), 303)


def _search() -> MailSearch:
    """Read the filter from the address; unknown values are ignored."""
    state = request.args.get("state", "")
    mailing = request.args.get("mailing", 0, type=int)
    return MailSearch(
        words=typed_line(request.args.get("q"))[:200],
        state=state if state in STATES else "",
        kind=request.args.get("kind", "")[:30],
        mailing_id=mailing if 0 < mailing < 2**31 else None,
    )

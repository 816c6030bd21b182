"""The buttons of a mailing: stop it, go on, try its failed letters again."""

from flask import flash, redirect, url_for

from ikone_events.services import resending
from ikone_events.services.mailing_figures import account_of
from ikone_events.services.mailings import get_mailing, resume_mailing, stop_mailing
from ikone_events.services.office import now
from ikone_events.store.db import transaction
from ikone_events.web.access import Permission, permission
from ikone_events.web.organiser.frame import Answer, actor, blueprint, seen_event
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.organiser.words import ngettext

MAILING = "/events/<slug>/mailings/<int(max=2147483647):mailing_id>"


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

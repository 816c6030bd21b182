"""Renewing the personal links of everybody at an event, after an explanation."""

from flask import flash, redirect, render_template, request, url_for

from ikone_events.domain.refusals import SomebodyWasFaster, UnfitInput
from ikone_events.services.installation import now
from ikone_events.services.mails.renewing import renew_links, renewal_of
from ikone_events.store.db import transaction
from ikone_events.web.organiser.frame import Answer, actor, blueprint, seen_event, translate_all
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _

_PATH = "/events/<slug>/links"


@blueprint.get(_PATH)
@permission(Permission.EDIT_EVENTS)
def ask_links(slug: str) -> str:
    """Show what renewing the links does, and to how many."""
    return _page(slug)


@blueprint.post(_PATH)
@permission(Permission.EDIT_EVENTS)
def renew(slug: str) -> Answer:
    """Start the mailing with the new links."""
    event = seen_event(slug)
    seen = request.form.get("seen", 0, type=int)
    try:
        with transaction():
            mailing = renew_links(event.slug, seen=seen, actor=actor(), now=now())
    except (SomebodyWasFaster, UnfitInput) as refusal:
        status = 409 if isinstance(refusal, SomebodyWasFaster) else 422
        return _page(slug, translate_all(refusal.complaints)), status
    flash(_("The links are being renewed. Everybody gets an e-mail with the new ones."), "success")
    return redirect(url_for("organiser.sent_mail", slug=slug, _anchor=f"m-{mailing.id}"), 303)


def _page(slug: str, complaints: list[str] | None = None) -> str:
    event = seen_event(slug)
    return render_template(
        "organiser/mails/links.html",
        event=event,
        renewal=renewal_of(event, now()),
        over=now() >= event.ends_at or event.state in ("cancelled", "postponed"),
        complaints=complaints or [],
    )

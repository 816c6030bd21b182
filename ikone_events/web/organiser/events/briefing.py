"""The briefing of one speaker: how it will look, and the press that sends it."""

from flask import flash, redirect, render_template, request, url_for

from ikone_events.domain.events.speakers import not_briefed_because
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import StatusRefused, UnfitInput
from ikone_events.services.events.speakers import brief_speaker, draft_of_briefing, mails_to_speaker
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.events.speakers import get_speaker
from ikone_events.web.organiser.events.speakers import SPEAKER
from ikone_events.web.organiser.frame import Answer, blueprint, seen_event, translate_all
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import translate


@blueprint.get(f"{SPEAKER}/briefing")
@permission(Permission.EDIT_EVENTS)
def ask_briefing(slug: str, public_id: str) -> str:
    """Show the briefing as it would be sent now."""
    return _page(slug, public_id)


@blueprint.post(f"{SPEAKER}/briefing")
@permission(Permission.EDIT_EVENTS)
def send_briefing(slug: str, public_id: str) -> Answer:
    """Send it; a second press on the same page sends no second one."""
    event = seen_event(slug)
    seen = request.form.get("seen", 0, type=int)
    try:
        with transaction():
            name = get_speaker(event, public_id).name
            is_new = brief_speaker(slug, public_id, seen=seen, now=now())
    except (StatusRefused, UnfitInput) as refusal:
        return _page(slug, public_id, translate_all(refusal.complaints)), 422
    if is_new:
        flash(_("The briefing is being sent to %(name)s.", name=name), "success")
    else:
        flash(_("This briefing is being sent already."), "info")
    return redirect(url_for("organiser.speakers", slug=slug), 303)


def _page(slug: str, public_id: str, complaints: list[str] | None = None) -> str:
    event = seen_event(slug)
    speaker, unfit, mail = get_speaker(event, public_id), complaints or [], None
    found = not_briefed_because(event.state, over=event.ends_at <= now())
    if found and not unfit:
        unfit = [translate(found)]
    try:
        mail = draft_of_briefing(speaker, event, now=now())
    except UnfitInput as refusal:
        unfit = translate_all(refusal.complaints)
    return render_template(
        "organiser/events/speaker_briefing.html",
        event=event,
        speaker=speaker,
        mail=mail,
        unfit=unfit,
        seen=mails_to_speaker(speaker),
        kind=MailKind.SPEAKER_BRIEFING.value,
    )

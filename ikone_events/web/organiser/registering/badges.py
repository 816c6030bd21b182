"""Name badges of the people who come on site: sheets of labels, or one label."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import flash, redirect, render_template, request, url_for

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.services.accounts.security_log import SecurityEvent
from ikone_events.services.documents.pdf import can_make_pdfs, make_large_pdf
from ikone_events.services.installation import get_identity
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import people_to_tick
from ikone_events.web.organiser.exports import limit_exports
from ikone_events.web.organiser.frame import Answer, blueprint, download, seen_event
from ikone_events.web.organiser.registering.door import mode_at_door
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.security_events import record

# The labels of one file: fifty sheets take 0.15 GB of memory for a second or two.
MOST = 500


class Badges(NamedTuple):
    """The people of one file, in the order of names; `parts` files hold all."""

    people: Sequence[Registration]
    part: int
    parts: int


@blueprint.get("/events/<slug>/registrations/badges")
@permission(Permission.EXPORT_PEOPLE)
def badges(slug: str) -> str:
    """Show the badges, to print from the browser or to save as a PDF."""
    event = seen_event(slug)
    chosen = _chosen(event)
    return render_template(
        "organiser/registering/badges.html",
        event=event,
        badges=[(person, _label(person)) for person in chosen.people],
        part=chosen.part,
        parts=chosen.parts,
        one=request.args.get("one", ""),
        has_pdf=can_make_pdfs(),
    )


@blueprint.get("/events/<slug>/registrations/badges.pdf")
@permission(Permission.EXPORT_PEOPLE)
@limit_exports
def badges_pdf(slug: str) -> Answer:
    """Export the badges as a PDF; back to their page where there are none, or no typst."""
    event = seen_event(slug)
    chosen = _chosen(event)
    if not chosen.people or not can_make_pdfs():
        if chosen.people:
            flash(_("There is no PDF at the moment. Please print this page instead."), "info")
        return redirect(url_for("organiser.badges", slug=slug, one=request.args.get("one")), 303)
    one = "one" in request.args
    file = make_large_pdf("badges", _values(event, chosen.people, one=one))
    record(SecurityEvent.EXPORTED, what="badges", of_event=event.id, rows=len(chosen.people))
    return download(file, "application/pdf", f"{event.slug}-{'badge' if one else 'badges'}.pdf")


def _chosen(event: Event) -> Badges:
    """Those whom the address names: one person, or a part of all. Raises NotFound."""
    online = event.format == EventFormat.ONLINE.value
    people = [] if online else people_to_tick(event, mode_at_door(event))
    if one := request.args.get("one"):
        found = [person for person in people if person.public_id == one]
        if not found:
            raise NotFound(Complaint(N_("There is no badge for this person.")))
        return Badges(found, 1, 1)
    return badges_of(people, request.args.get("part", 1, int))


def badges_of(people: Sequence[Registration], wanted: int) -> Badges:
    """The part with this number, or the nearest that there is."""
    parts = max(1, -(-len(people) // MOST))
    part = min(max(1, wanted), parts)
    return Badges(people[(part - 1) * MOST : part * MOST], part, parts)


def _label(person: Registration) -> dict[str, str]:
    return {
        "title": person.title,
        "name": f"{person.first_name} {person.last_name}".strip(),
        "body": person.organisation_name,
    }


def _values(event: Event, people: Sequence[Registration], *, one: bool) -> dict[str, object]:
    identity, title = get_identity(), event.title_in(page_locale())
    return {
        "title": f"{_('Name badges')}: {title}",
        "lang": page_locale(),
        "organisation": identity.organisation,
        "accent": identity.mail_accent,
        "event": title,
        "people": [_label(person) for person in people],
        "single": one,
        "words": {"scale": _("Please print at actual size (100 percent).")},
    }

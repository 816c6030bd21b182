"""The directory of administrations: search, membership, deletion."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for

from ikone_events.domain.directory.administrations import AdministrationKind, label_of_kind
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.times import date_numeric, to_local
from ikone_events.services.directory.administrations import (
    count_references,
    delete_administration,
    get_administration,
)
from ikone_events.services.directory.unmatched import count_unmatched
from ikone_events.services.installation import get_installation, now
from ikone_events.store.db import transaction
from ikone_events.store.directory.models import Organisation
from ikone_events.store.registering.administrations import search_administrations
from ikone_events.web.organiser.frame import Answer, blueprint, page_number, page_url
from ikone_events.web.shell.access import Permission, may, organiser, permission
from ikone_events.web.shell.forms import typed_line
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale


def kind_label(kind: str) -> str:
    """Return the label of a kind; unknown kinds are returned as they are."""
    return _(label_of_kind(kind))


def kind_choices() -> list[tuple[str, str]]:
    """Return every kind with its label."""
    return [(kind.value, kind_label(kind)) for kind in AdministrationKind]


def today() -> date:
    """Return the present day in the installation's zone."""
    return to_local(now(), get_installation().settings.timezone).date()


def membership(organisation: Organisation, day: date) -> tuple[str, str]:
    """Return kind and text of the membership badge; two empty texts if there is none."""
    since, until = organisation.member_since, organisation.member_until
    if not organisation.member:
        return "", ""
    if since and day < since:
        return "info", _("From %(day)s", day=_numeric(since))
    if until and until < day:
        return "neutral", _("Until %(day)s", day=_numeric(until))
    if until:
        return "success", _("Member until %(day)s", day=_numeric(until))
    return "success", _("Member")


def _numeric(day: date) -> str:
    return date_numeric(day, locale=page_locale())


@blueprint.get("/contacts/administrations")
@permission(Permission.SEE_EVENTS)
def administrations() -> str:
    """Show one page of the directory."""
    words = typed_line(request.args.get("q"))[:200]
    kind = request.args.get("kind", "")
    members = request.args.get("members") == "1"
    day = today()
    page = search_administrations(
        words, kind=kind, member_day=day if members else None, number=page_number()
    )
    query = {"q": words, "kind": kind, "members": "1" if members else ""}
    chosen = {name: value for name, value in query.items() if value}
    return render_template(
        "organiser/directory/administrations.html",
        page=page,
        rows=[(body, kind_label(body.kind), membership(body, day)) for body in page.rows],
        page_url=page_url("organiser.administrations", **chosen),
        words=words,
        kind=kind,
        members=members,
        filtered=bool(chosen),
        kinds=kind_choices(),
        unmatched=count_unmatched(organiser()) if may(Permission.EDIT_ADMINISTRATIONS) else 0,
    )


@blueprint.get("/contacts/administrations/<int(max=2147483647):number>/delete")
@permission(Permission.EDIT_ADMINISTRATIONS)
def ask_to_delete_administration(number: int) -> str:
    """Ask before an administration is deleted, or say why it can't be."""
    body = get_administration(number)
    return render_template(
        "organiser/directory/administration_delete.html",
        body=body,
        references=count_references(body),
    )


@blueprint.post("/contacts/administrations/<int(max=2147483647):number>/delete")
@permission(Permission.EDIT_ADMINISTRATIONS)
def remove_administration(number: int) -> Answer:
    """Delete an administration to which nothing refers."""
    try:
        with transaction():
            body = delete_administration(number)
    except UnfitInput:
        return ask_to_delete_administration(number), 409
    flash(_("“%(name)s” has been deleted.", name=body.name), "success")
    return redirect(url_for("organiser.administrations"), 303)

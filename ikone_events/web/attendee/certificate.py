"""The certificate of attendance as a page to print and as a PDF, of an event or a series."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import quote

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from ikone_events.domain.events.facts import FORMAT_LABELS, EventFormat, Mode
from ikone_events.domain.followup.certificate import (
    Certificate,
    CertificateCodes,
    certificate_at,
    hours_words,
    initials_of,
)
from ikone_events.domain.times import date_medium, to_local
from ikone_events.services.documents.pdf import can_make_pdfs, make_pdf
from ikone_events.services.installation import get_identity, get_installation, now
from ikone_events.services.registering.seating import mode_of
from ikone_events.store.events.models import Event
from ikone_events.store.followup.certificates import AttendedEvent, attended_in_series
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendances
from ikone_events.web.attendee.frame import blueprint, registration_from_token
from ikone_events.web.attendee.ticket import PDFS
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.filters import span_words
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, page_locale
from ikone_events.web.shell.limits import rate_limits


def certificate_of(registration: Registration) -> Certificate:
    """What the person sees on the page of the certificate now."""
    event, moment = registration.event, now()
    known = attendances(event, moment, [registration.id])[registration.id]
    return certificate_at(
        moment,
        state=event.state,
        status=registration.status,
        ends_at=event.ends_at,
        attendance=known.attendance,
    )


@blueprint.get("/r/<token>/certificate")
@permission(Permission.PERSONAL_LINK)
def certificate(token: str) -> ResponseReturnValue:
    """The certificate, or why there is none."""
    return _page(token, whole_series=False)


@blueprint.get("/r/<token>/certificate/series")
@permission(Permission.PERSONAL_LINK)
def series_certificate(token: str) -> ResponseReturnValue:
    """One certificate of all attended events of the series, with the sum of hours."""
    return _page(token, whole_series=True)


@blueprint.get("/r/<token>/certificate.pdf")
@permission(Permission.PERSONAL_LINK)
def certificate_pdf(token: str) -> ResponseReturnValue:
    """The certificate to save; back to its page where there is none or no typst."""
    return _pdf(token, whole_series=False)


@blueprint.get("/r/<token>/certificate/series.pdf")
@permission(Permission.PERSONAL_LINK)
def series_certificate_pdf(token: str) -> ResponseReturnValue:
    """The certificate of the series to save."""
    return _pdf(token, whole_series=True)


def _page(token: str, *, whole_series: bool) -> ResponseReturnValue:
    registration = registration_from_token(token)
    state = certificate_of(registration)
    attended = attended_in_series(registration, now()) if state is Certificate.VALID else []
    if whole_series and len(attended) <= 1:
        return redirect(url_for("attendee.certificate", token=token), 303)
    shown = attended if whole_series else _only(attended, registration)
    return render_template(
        "attendee/certificate.html",
        token=token,
        event=registration.event,
        state=state.value,
        paper=_values(registration, shown) if shown else None,
        in_series=len(attended),
        whole_series=whole_series,
        has_pdf=can_make_pdfs(),
    )


def _pdf(token: str, *, whole_series: bool) -> ResponseReturnValue:
    registration = registration_from_token(token)
    if wait := rate_limits().hit(PDFS, "certificate", [registration.public_id]):
        raise TooManyRequests(retry_after=wait)
    part = "attendee.series_certificate" if whole_series else "attendee.certificate"
    if certificate_of(registration) is not Certificate.VALID:
        return redirect(url_for("attendee.certificate", token=token), 303)
    if not can_make_pdfs():
        flash(_("There is no PDF at the moment. Please print this page instead."), "info")
        return redirect(url_for(part, token=token), 303)
    attended = attended_in_series(registration, now())
    shown = attended if whole_series else _only(attended, registration)
    made = make_pdf("certificate", _values(registration, shown))
    response = Response(made, mimetype="application/pdf")
    name = f"certificate-{registration.event.slug}.pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _only(attended: Sequence[AttendedEvent], person: Registration) -> list[AttendedEvent]:
    return [each for each in attended if each.registration.id == person.id]


def _values(person: Registration, attended: Sequence[AttendedEvent]) -> dict[str, object]:
    """The values of the paper, for the page and for the PDF."""
    identity, locale = get_identity(), page_locale()
    event = person.event
    series, rows = len(attended) > 1, [_row(each) for each in attended]
    title = event.series if series else event.title_in(locale)
    total = sum((each.event.ends_at - each.event.starts_at for each in attended), timedelta())
    contact = ", ".join(filter(None, (event.contact_name, event.contact_email)))
    issued = date_medium(to_local(now(), event.zone).date(), locale=locale)
    return {
        "title": f"{_('Certificate of attendance')}: {title}",
        "lang": locale,
        "organisation": identity.organisation,
        "accent": identity.mail_accent,
        "name": person.name,
        "body": person.organisation_name,
        "subject": title,
        "subject_lang": "de" if series else _lang_of(event),
        "events": rows,
        "check": get_installation().page("/certificates") if series else rows[0]["url"],
        "total": _hours(total) if series else "",
        "programme": [] if series else [str(item["title"]) for item in event.programme_items],
        "contact": contact,
        "words": _words(issued, series=series),
    }


def _words(issued: str, *, series: bool) -> dict[str, str]:
    return {
        "heading": _("Certificate of attendance"),
        "attended": _("took part in these events of the series:")
        if series
        else _("took part in the event:"),
        "when": _("Date and time"),
        "event": _("Event"),
        "duration": _("Duration"),
        "present": _("Present"),
        "form": _("Place"),
        "code": _("Code to check"),
        "total": _("Total"),
        "programme": _("Contents"),
        "issued": _("Issued on %(day)s", day=issued),
        "made": _("This certificate was made automatically and is valid without a signature."),
        "check": _("The codes can be checked at this address:")
        if series
        else _("Anybody can check it at this address:"),
    }


def _row(attended: AttendedEvent) -> dict[str, str]:
    event, person = attended.event, attended.registration
    codes = CertificateCodes(get_installation().settings.secret_key)
    code = codes.code(person.id, initials_of(person.first_name, person.last_name))
    minutes = attended.minutes
    return {
        "title": event.title_in(page_locale()),
        "lang": _lang_of(event),
        "when": span_words(event),
        "form": _form_words(event, person),
        "duration": _hours(event.ends_at - event.starts_at),
        "present": ngettext("%(num)d minute", "%(num)d minutes", minutes) if minutes else "",
        "code": code,
        "url": get_installation().page(f"/certificates/{quote(code)}"),
    }


def _form_words(event: Event, person: Registration) -> str:
    if event.format == EventFormat.ONLINE or mode_of(event, person) is Mode.ONLINE:
        return _(FORMAT_LABELS[EventFormat.ONLINE])
    return event.place or _(FORMAT_LABELS[EventFormat.ON_SITE])


def _hours(duration: timedelta) -> str:
    if duration == timedelta(hours=1):
        return _("1 hour")
    return _("%(number)s hours", number=hours_words(duration, page_locale()))


def _lang_of(event: Event) -> str:
    locale = page_locale()
    return locale if locale == "de" or event.title_en else "de"

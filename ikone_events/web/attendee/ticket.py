"""The ticket of people who come on site: a page to show or print, and the same as a PDF.

It carries a check-in code, never the personal link: whoever sees the ticket must not be able to
open the registration.
"""

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import TooManyRequests

from ikone_events.domain.rooms.ticket import Ticket, ticket_at
from ikone_events.services.documents.pdf import can_make_pdfs, make_pdf
from ikone_events.services.installation import get_identity, get_installation, now
from ikone_events.services.registering.seating import mode_of
from ikone_events.store.registering.models import Registration
from ikone_events.web.attendee.frame import blueprint, registration_from_token
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.filters import span_words
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.limits import rate_limits

# Light modules around the code, without which phones don't find it.
_QUIET_ZONE = 4
# Of the eight masks the one that scores best for most tokens. All of them can be read; trying them
# out takes 5 ms, twice as long as the rest of the page.
_MASK = 4
# Counted by person, as at the door: a town hall shares an address, and each PDF takes a moment.
PDFS = "10 per minute"


def ticket_of(registration: Registration) -> Ticket:
    """What the person sees on the page of the ticket now."""
    event = registration.event
    return ticket_at(
        now(),
        state=event.state,
        status=registration.status,
        mode=mode_of(event, registration),
        ends_at=event.ends_at,
    )


def code_of(registration: Registration) -> str:
    """The address in the code of a ticket."""
    return get_installation().check_in(registration.public_id, registration.link_epoch)


def qr_svg(address: str, *, border: int = _QUIET_ZONE) -> str:
    """An address as a QR code; 15 % of it may be dirty, which keeps its modules large."""
    import segno  # noqa: PLC0415 - few tickets are asked for, and every start would wait for it

    made = segno.make_qr(address, error="m", mask=_MASK)
    return made.svg_inline(omitsize=True, svgclass=None, border=border, light="#fff")


def drawn_code(registration: Registration) -> Markup:
    """The code for a page; empty without a valid ticket."""
    if ticket_of(registration) is not Ticket.VALID:
        return Markup()
    return Markup(qr_svg(code_of(registration)))  # noqa: S704 - no text of anybody is in it


@blueprint.get("/r/<token>/ticket")
@permission(Permission.PERSONAL_LINK)
def ticket(token: str) -> ResponseReturnValue:
    """The ticket, or why there is none."""
    registration = registration_from_token(token)
    state = ticket_of(registration)
    return render_template(
        "attendee/ticket.html",
        token=token,
        registration=registration,
        event=registration.event,
        name=registration.name,
        body=registration.organisation_name,
        state=state.value,
        code=code_of(registration),
        qr=drawn_code(registration),
        has_pdf=can_make_pdfs(),
    )


@blueprint.get("/r/<token>/ticket.pdf")
@permission(Permission.PERSONAL_LINK)
def ticket_pdf(token: str) -> ResponseReturnValue:
    """The ticket to save; back to its page where there is no ticket or no typst."""
    registration = registration_from_token(token)
    if wait := rate_limits().hit(PDFS, "ticket", [registration.public_id]):
        raise TooManyRequests(retry_after=wait)
    if ticket_of(registration) is not Ticket.VALID:
        return redirect(url_for("attendee.ticket", token=token), 303)
    if not can_make_pdfs():
        flash(_("There is no PDF at the moment. Please print this page instead."), "info")
        return redirect(url_for("attendee.ticket", token=token), 303)
    response = Response(make_pdf("ticket", _values(registration)), mimetype="application/pdf")
    name = f"ticket-{registration.event.slug}.pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _values(registration: Registration) -> dict[str, object]:
    event, identity, code = registration.event, get_identity(), code_of(registration)
    locale, title = page_locale(), registration.event.title_in(page_locale())
    parts = ((_("Room and directions"), event.directions), (_("Please bring"), event.bring))
    contact = ", ".join(filter(None, (event.contact_email, event.contact_phone)))
    return {
        "title": f"{_('Ticket')}: {title}",
        "lang": locale,
        "organisation": identity.organisation,
        "accent": identity.mail_accent,
        "event": {
            "title": title,
            "lang": locale if locale == "de" or event.title_en else "de",
            "when": span_words(event),
            "place": event.place,
        },
        "name": registration.name,
        "body": registration.organisation_name,
        "qr": qr_svg(code, border=0),
        "code": code,
        "parts": [{"heading": heading, "text": text} for heading, text in parts if text],
        "contact": f"{_('Contact')}: {contact}" if contact else "",
        "words": {
            "ticket": _("Ticket"),
            "when": _("Date and time"),
            "where": _("Place"),
            "name": _("Name"),
            "body": _("Public body or organisation"),
            "qr": _("QR code for the entrance; its address stands at the bottom of the page"),
            "show": _("Please show this code at the entrance."),
            "code": _("The code as a link:"),
        },
    }

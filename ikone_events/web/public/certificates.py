"""The page on which anybody checks the code of a certificate."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from ikone_events.domain.followup.certificate import CertificateCodes
from ikone_events.services.installation import get_installation, now
from ikone_events.store.followup.certificates import find_attended
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.limits import network, rate_limits

blueprint = Blueprint("certificates", __name__)
# A code has 64 random bits; the limit only keeps guessing from costing anything.
_CHECKS = "60 per minute"


@blueprint.get("/certificates")
@permission(Permission.PUBLIC)
def ask() -> ResponseReturnValue:
    """The field for a code; leads to the page of the code that was typed."""
    if typed := request.args.get("code", "").strip()[:200]:
        return redirect(url_for("certificates.check", code=typed), 303)
    return render_template("public/certificate.html", found=None, typed="")


@blueprint.get("/certificates/<code>")
@permission(Permission.PUBLIC)
def check(code: str) -> ResponseReturnValue:
    """Event, date and initials of a certificate; 404 for a code that was never given.

    The same for one whose attendance the office has corrected since.
    """
    if wait := rate_limits().hit(_CHECKS, "certificates", [network()]):
        raise TooManyRequests(retry_after=wait)
    read = CertificateCodes(get_installation().settings.secret_key).read(code)
    event = find_attended(read[0], now()) if read else None
    page = render_template(
        "public/certificate.html",
        found=event,
        initials=read[1] if read else "",
        typed=code[:200],
    )
    return page, 200 if event else 404

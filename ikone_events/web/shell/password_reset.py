"""Pages of people who can't log in: ask for a link by mail, set a password by the link.

Mail gateways open every link: showing the page changes nothing, the button uses the link up.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import EqualTo

from ikone_events.domain.refusals import LinkRefused, UnfitInput
from ikone_events.services.accounts.organisers import hash_new_password
from ikone_events.services.accounts.password_links import (
    account_of_link,
    ask_for_link,
    set_password_by_link,
)
from ikone_events.services.accounts.security_log import SecurityEvent, log_security
from ikone_events.services.installation import now
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import transaction
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import AddressField, at_most, deliverable, needed
from ikone_events.web.shell.headers import no_store_but_forms
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale, translate
from ikone_events.web.shell.limits import PERSONAL, limited, network, rate_limit_by_address

blueprint = Blueprint("password", __name__)
no_store_but_forms(blueprint, "password.forgotten")
ASKED_BY_NETWORK = "10 per minute; 60 per hour"
# Beyond it the answer is the same, and nothing is sent.
SENT_TO_ADDRESS = "3 per hour"


class ForgottenForm(FlaskForm):
    """The address of an account."""

    email = AddressField(
        lazy_gettext("E-mail address"),
        [
            needed(lazy_gettext("Please enter your e-mail address.")),
            at_most(254),
            deliverable,
        ],
        render_kw={"autocomplete": "username"},
    )


class NewPasswordForm(FlaskForm):
    """A new password, typed twice."""

    password = PasswordField(
        lazy_gettext("New password"),
        [needed(lazy_gettext("Please enter a password."))],
        description=lazy_gettext(
            "At least 12 characters; several words are fine. No password that many people use, and "
            "nothing with your name or address in it."
        ),
        render_kw={"autocomplete": "new-password", "maxlength": 200},
    )
    again = PasswordField(
        lazy_gettext("New password once more"),
        [
            needed(lazy_gettext("Please enter the password once more.")),
            EqualTo("password", lazy_gettext("The two passwords are not the same.")),
        ],
        render_kw={"autocomplete": "new-password", "maxlength": 200},
    )

    def hashed_for(self, account: Organiser) -> str | None:
        """The hash of the password, or None with the reason at the field."""
        if not self.validate():
            return None
        try:
            typed = self.password.data or ""
            return hash_new_password(typed, email=account.email, name=account.name)
        except UnfitInput as refusal:
            self.password.errors = [translate(complaint) for complaint in refusal.complaints]
            return None


@blueprint.route("/login/reset", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
@limited(ASKED_BY_NETWORK, methods=["POST"])
def forgotten() -> ResponseReturnValue:
    """Ask for a link; known and unknown addresses are answered alike."""
    form = ForgottenForm()
    if request.method == "GET":
        return render_template("security/forgotten.html", form=form)
    if not form.validate():
        return render_template("security/forgotten.html", form=form), 422
    account = None
    if not rate_limit_by_address(SENT_TO_ADDRESS, "password.forgotten", [form.email.data]):
        with transaction():
            account = ask_for_link(form.email.data, locale=page_locale(), now=now())
    concerned = {"about": account.id} if account else {}
    log_security(SecurityEvent.PASSWORD_RESET_ASKED, network=network(), **concerned)
    return redirect(url_for("password.sent"), 303)


@blueprint.get("/login/reset/sent")
@permission(Permission.PUBLIC)
def sent() -> str:
    """Say what happens now, whether or not there is an account."""
    return render_template("security/link_sent.html")


@blueprint.route("/login/reset/<token>", methods=["GET", "POST"])
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def set_new(token: str) -> ResponseReturnValue:
    """Set a password by a link that was mailed; only the button uses the link up."""
    try:
        return _set_new(token)
    except LinkRefused as refusal:
        reason = translate(refusal.complaints[0])
        return render_template("security/link_gone.html", reason=reason), 410


def _set_new(token: str) -> ResponseReturnValue:
    account, form = account_of_link(token, now=now()), NewPasswordForm()
    hashed = form.hashed_for(account) if request.method == "POST" else None
    if hashed is None:
        page = render_template("security/new_password.html", form=form, account=account)
        return page, 422 if request.method == "POST" else 200
    with transaction():
        account = set_password_by_link(token, hashed, now=now())
    log_security(SecurityEvent.PASSWORD_CHANGED, account=account.id, network=network(), by="link")
    flash(_("Your new password is stored. Please log in with it."), "success")
    return redirect(url_for("security.login"), 303)

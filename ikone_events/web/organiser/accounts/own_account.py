"""The own account: name and language, e-mails, calendar, password, other sessions."""

from flask import flash, make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField

from ikone_events.domain.office.mails import (
    OFFICE_MAIL_HINTS,
    OFFICE_MAIL_LABELS,
    OfficeMail,
    may_get_office_mails,
)
from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.accounts import changes
from ikone_events.services.accounts.changes import Asker
from ikone_events.services.accounts.organisers import is_password_of
from ikone_events.services.accounts.security_log import SecurityEvent, log_security
from ikone_events.services.installation import now
from ikone_events.services.office import recipients
from ikone_events.services.office.recipients import calendar_path, wants_mail
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import transaction
from ikone_events.web.organiser.accounts.accounts import role_label
from ikone_events.web.organiser.frame import Answer, blueprint, flash_at, show_complaints
from ikone_events.web.public.feeds import subscription
from ikone_events.web.shell.access import Permission, organiser, permission, require
from ikone_events.web.shell.forms import LineField, needed
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import speak
from ikone_events.web.shell.limits import limited, network
from ikone_events.web.shell.login import stay_signed_in
from ikone_events.web.shell.login_attempts import remember_browser
from ikone_events.web.shell.password_reset import NewPasswordForm

# Sections of the page.
MAILS, CALENDAR = "mails", "calendar"
# Of one account, so that a stolen session does not try passwords.
TRIES = "20 per 15 minutes"


class DetailsForm(FlaskForm):
    """Name and language."""

    name = LineField(
        _l("Name"),
        [needed(_l("Please enter a name."))],
        description=_l("It stands in the history of events and in invitations."),
        render_kw={"autocomplete": "name", "maxlength": 200},
    )
    locale = SelectField(_l("Language"), choices=[])


class MailsForm(FlaskForm):
    """The mails to the office, named as in domain/office/mails.py."""

    alarm_mails = BooleanField(_l(OFFICE_MAIL_LABELS[OfficeMail.ALARMS]))
    digest_mails = BooleanField(_l(OFFICE_MAIL_LABELS[OfficeMail.DIGEST]))
    registration_mails = BooleanField(_l(OFFICE_MAIL_LABELS[OfficeMail.REGISTRATIONS]))


class OwnPasswordForm(NewPasswordForm):
    """The present password, and a new one."""

    present = PasswordField(
        _l("Present password"),
        [needed(_l("Please enter your present password."))],
        render_kw={"autocomplete": "current-password", "maxlength": 200},
    )


@blueprint.get("/account")
@permission(Permission.OWN_ACCOUNT)
def own_account() -> str:
    """Show the own account."""
    return _page()


@blueprint.post("/account")
@permission(Permission.OWN_ACCOUNT)
def save_own_account() -> Answer:
    """Store name and language."""
    form = _details_form()
    if not form.validate():
        return _page(details=form), 422
    try:
        with transaction():
            changes.set_own_details(organiser().id, name=form.name.data, locale=form.locale.data)
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(details=form), 422
    if form.locale.data:
        speak(form.locale.data)
    flash(_("Your details are stored."), "success")
    return redirect(url_for("organiser.own_account"), 303)


@blueprint.post("/account/mails")
@permission(Permission.OWN_ACCOUNT)
def choose_office_mails() -> Answer:
    """Store which mails to the office the account gets."""
    form = MailsForm()
    if not form.validate():
        return _page(), 422
    chosen = {which: bool(form[which.value].data) for which in OfficeMail}
    with transaction():
        recipients.choose_mails(organiser().id, chosen, now=now())
    flash_at(MAILS, _("Your choice is stored."))
    return redirect(url_for("organiser.own_account", _anchor=MAILS), 303)


@blueprint.post("/account/calendar")
@permission(Permission.OWN_ACCOUNT)
def new_office_calendar() -> Answer:
    """Give the private calendar its first address, or another one."""
    require(Permission.SEE_EVENTS)
    had = organiser().has_calendar
    with transaction():
        recipients.new_calendar(organiser().id)
    text = _("The calendar has a new address. The earlier one no longer works.")
    flash_at(CALENDAR, text if had else _("The calendar now has an address."))
    return redirect(url_for("organiser.own_account", _anchor=CALENDAR), 303)


@blueprint.post("/account/calendar/withdraw")
@permission(Permission.OWN_ACCOUNT)
def withdraw_office_calendar() -> Answer:
    """End the address of the private calendar."""
    with transaction():
        recipients.withdraw_calendar(organiser().id)
    flash_at(
        CALENDAR, _("The address of the calendar has been withdrawn. It no longer shows anything.")
    )
    return redirect(url_for("organiser.own_account", _anchor=CALENDAR), 303)


@blueprint.post("/account/stay")
@permission(Permission.OWN_ACCOUNT)
def stay() -> Answer:
    """Keep the session of a page that stays open; every request of the team does that."""
    return make_response("", 204)


def _whose() -> str:
    return str(organiser().id)


@blueprint.post("/account/password")
@permission(Permission.OWN_ACCOUNT)
@limited(TRIES, key_func=_whose)
def change_own_password() -> Answer:
    """Change the own password; this session stays, all others end."""
    person, form = organiser(), OwnPasswordForm()
    if not form.validate():
        return _page(password=form), 422
    if not is_password_of(person, form.present.data or ""):
        form.present.errors = [_("This is not your present password.")]
        return _page(password=form), 422
    hashed = form.hashed_for(person)
    if hashed is None:
        return _page(password=form), 422
    asker = Asker(seen_version=person.access_version)
    with transaction():
        account = changes.set_password(person.id, hashed, asker=asker)
    stay_signed_in(account)
    log_security(SecurityEvent.PASSWORD_CHANGED, account=account.id, network=network(), by="owner")
    flash(_("Your password is changed. You are logged out everywhere else."), "success")
    response = make_response(redirect(url_for("organiser.own_account"), 303))
    remember_browser(response, account)
    return response


@blueprint.post("/account/end-sessions")
@permission(Permission.OWN_ACCOUNT)
def end_other_sessions() -> Answer:
    """End all sessions of the own account except this one."""
    with transaction():
        account = changes.end_sessions_of(organiser().id)
    stay_signed_in(account)
    log_security(
        SecurityEvent.ACCOUNT_CHANGED, account=account.id, network=network(), sessions="ended"
    )
    flash(_("You are logged out everywhere else. This session stays."), "success")
    return redirect(url_for("organiser.own_account"), 303)


def _details_form(*, stored: bool = False) -> DetailsForm:
    person = organiser()
    values = {"name": person.name, "locale": person.locale}
    form = DetailsForm(formdata=None, **values) if stored else DetailsForm(**values)
    as_browser = [] if person.locale else [("", _("As the browser asks for"))]
    form.locale.choices = [*as_browser, ("de", "Deutsch"), ("en", "English")]
    return form


def _mails_form(person: Organiser) -> MailsForm:
    values = {which.value: wants_mail(person, which) for which in OfficeMail}
    return MailsForm(formdata=None, **values)


def _page(details: DetailsForm | None = None, password: OwnPasswordForm | None = None) -> str:
    person = organiser()
    return render_template(
        "organiser/accounts/own_account.html",
        details=details or _details_form(stored=True),
        password=password or OwnPasswordForm(formdata=None),
        wrong=details or password,
        account=person,
        role=role_label(person.role),
        mails=_mails_form(person) if may_get_office_mails(person.role) else None,
        mail_hints={which.value: _(text) for which, text in OFFICE_MAIL_HINTS.items()},
        calendar=subscription(calendar_path(person)) if person.has_calendar else None,
        answer_places=(MAILS, CALENDAR),
    )

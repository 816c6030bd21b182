"""The list of accounts, invitations, and the changes of one account; for administrators."""

from flask import flash, redirect, render_template, request, url_for

from ikone_events.domain.account_roles import ROLE_LABELS, AccountRole
from ikone_events.domain.refusals import AccountRefused, StaleForm, UnfitInput
from ikone_events.services.accounts import changes, password_links
from ikone_events.services.accounts.changes import Asker
from ikone_events.services.accounts.organisers import NewOrganiser, get_account
from ikone_events.services.accounts.security_log import SecurityEvent, log_security
from ikone_events.services.installation import now
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.accounts.queries import all_accounts, count_assigned
from ikone_events.store.db import transaction
from ikone_events.web.organiser.accounts.account_form import (
    AccessForm,
    InvitationForm,
    access_form,
    invitation_form,
)
from ikone_events.web.organiser.frame import Answer, blueprint, show_complaints, translate_all
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.limits import network

_ONE = "/settings/accounts/<int(max=2147483647):number>"


def role_label(role: str) -> str:
    """The label of a role; an unknown one as it is."""
    return _(ROLE_LABELS[AccountRole(role)]) if role in set(AccountRole) else role


@blueprint.get("/settings/accounts")
@permission(Permission.EDIT_ACCOUNTS)
def accounts() -> str:
    """Show all accounts."""
    return render_template(
        "organiser/accounts/accounts.html",
        accounts=all_accounts(),
        role_label=role_label,
        assigned=count_assigned(),
        links=password_links.link_states(),
    )


@blueprint.route("/settings/accounts/invite", methods=["GET", "POST"])
@permission(Permission.EDIT_ACCOUNTS)
def invite_account() -> Answer:
    """Add an account and send its owner a link to set a password."""
    form = invitation_form()
    if request.method == "GET":
        return _invitation_page(form)
    if not form.is_fit():
        return _invitation_page(form), 422
    asker = Asker(admin=organiser().id)
    try:
        with transaction():
            account = password_links.invite(
                _invited(form), asker=asker, locale=page_locale(), now=now()
            )
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _invitation_page(form), 422
    _note(SecurityEvent.ACCOUNT_ADDED, account, role=form.role.data)
    text = _("%(email)s gets an e-mail with a link to set a password.", email=account.email)
    flash(text, "success")
    return redirect(url_for("organiser.accounts"), 303)


@blueprint.get(_ONE)
@permission(Permission.EDIT_ACCOUNTS)
def account(number: int) -> str:
    """Show one account."""
    found = get_account(number)
    return _account_page(access_form(found, stored=True), found)


@blueprint.post(_ONE)
@permission(Permission.EDIT_ACCOUNTS)
def save_account(number: int) -> Answer:
    """Change role and events of an account."""
    found = get_account(number)
    form = access_form(found)
    if not form.is_fit():
        return _account_page(form, found), 422
    role, only = form.role.data, form.chosen_events()
    try:
        with transaction():
            found = changes.set_access(number, role=role, only=only, asker=_asker(form))
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _account_page(form, get_account(number)), 422
    except (AccountRefused, StaleForm) as refusal:
        found = get_account(number)
        said = tuple(translate_all(refusal.complaints))
        return _account_page(access_form(found, stored=True), found, said), 409
    _note(SecurityEvent.ACCOUNT_CHANGED, found, role=role, events=len(only))
    return _done(found, _("The account is changed. Its sessions have ended."))


@blueprint.post(f"{_ONE}/disable")
@permission(Permission.EDIT_ACCOUNTS)
def disable_account(number: int) -> Answer:
    """Disable an account and end its sessions."""
    with transaction():
        found = changes.set_active(number, active=False, asker=_asker())
    _note(SecurityEvent.ACCOUNT_CHANGED, found, active="no")
    return _done(found, _("The account is disabled. Its sessions have ended."))


@blueprint.post(f"{_ONE}/enable")
@permission(Permission.EDIT_ACCOUNTS)
def enable_account(number: int) -> Answer:
    """Enable a disabled account; its password is valid again."""
    with transaction():
        found = changes.set_active(number, active=True, asker=_asker())
    _note(SecurityEvent.ACCOUNT_CHANGED, found, active="yes")
    return _done(found, _("The account is enabled. Its password is valid again."))


@blueprint.post(f"{_ONE}/end-sessions")
@permission(Permission.EDIT_ACCOUNTS)
def end_account_sessions(number: int) -> Answer:
    """End all sessions of an account."""
    with transaction():
        found = changes.end_sessions_of(number, asker=_asker())
    _note(SecurityEvent.ACCOUNT_CHANGED, found, sessions="ended")
    return _done(found, _("All sessions of the account have ended."))


@blueprint.post(f"{_ONE}/link")
@permission(Permission.EDIT_ACCOUNTS)
def send_account_link(number: int) -> Answer:
    """Send the owner a link to set a password."""
    with transaction():
        found = password_links.send_link(number, asker=_asker(), locale=page_locale(), now=now())
    _note(SecurityEvent.PASSWORD_RESET_ASKED, found)
    text = _("%(email)s gets an e-mail with a link to set a password.", email=found.email)
    return _done(found, text)


def _invited(form: InvitationForm) -> NewOrganiser:
    return NewOrganiser(
        email=form.email.data,
        name=form.name.data,
        role=form.role.data,
        password=None,
        only=form.chosen_events(),
    )


def _asker(form: AccessForm | None = None) -> Asker:
    """The signed-in person; the version stands in a field of every form and button."""
    seen = (form or AccessForm()).access_version.data or 0
    return Asker(admin=organiser().id, seen_version=seen)


def _invitation_page(form: InvitationForm) -> str:
    return render_template("organiser/accounts/invite.html", form=form)


def _account_page(form: AccessForm, found: Organiser, refused: tuple[str, ...] = ()) -> str:
    return render_template(
        "organiser/accounts/account.html",
        form=form,
        account=found,
        refused=refused,
        itself=found.id == organiser().id,
        link=password_links.link_states().get(found.id, ""),
    )


def _note(event: SecurityEvent, found: Organiser, **details: str | int) -> None:
    log_security(event, account=organiser().id, network=network(), about=found.id, **details)


def _done(found: Organiser, text: str) -> Answer:
    flash(text, "success")
    return redirect(url_for("organiser.account", number=found.id), 303)

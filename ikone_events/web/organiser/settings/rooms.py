"""The page of video rooms: where BigBlueButton and Jitsi are, and whether they answer.

A secret is taken and never shown, so its form is none that is kept over a login.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, PasswordField
from wtforms.widgets import HiddenInput

from ikone_events.domain.refusals import N_, Complaint, NotFound, StaleForm, UnfitInput
from ikone_events.domain.rooms.provider_settings import (
    FIELD_LENGTHS,
    PROVIDER_FIELDS,
    SECRET,
    UNREADABLE,
)
from ikone_events.domain.rooms.providers import PROVIDER_LABELS, ProviderKind
from ikone_events.services.accounts.security_log import SecurityEvent, log_security
from ikone_events.services.installation import now
from ikone_events.services.rooms import provider_settings as service
from ikone_events.services.rooms.registry import check_provider
from ikone_events.store.db import transaction
from ikone_events.store.events.queries import events_with_room
from ikone_events.web.organiser.frame import Answer, blueprint, flash_at, show_complaints
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.forms import LineField, show_instead, typed_line
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, page_locale, translate
from ikone_events.web.shell.limits import limited, network

# Of one account: each check is a call of another server, and each save resolves a name.
CHECKS, SAVES = "30 per hour", "60 per hour"
_MOST_EVENTS = 10
_PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


class ProviderForm(FlaskForm):
    """What is set up for one kind; `seen` is the version that the form showed."""

    url = LineField(
        _l("Address of the server"), render_kw={**_PLAIN, "type": "url", "inputmode": "url"}
    )
    app_id = LineField(_l("App id"), render_kw={**_PLAIN, "maxlength": FIELD_LENGTHS["app_id"]})
    secret = PasswordField(
        _l("Secret"),
        filters=[typed_line],
        render_kw={"autocomplete": "new-password", "spellcheck": "false"},
    )
    seen = IntegerField(widget=HiddenInput())


@blueprint.get("/settings/rooms")
@permission(Permission.EDIT_SETTINGS)
def rooms() -> str:
    """Show which providers are set up."""
    return _page()


@blueprint.post("/settings/rooms")
@permission(Permission.EDIT_SETTINGS)
@limited(SAVES, key_func=lambda: str(organiser().id))
def save_provider() -> Answer:
    """Store what is set up for one provider."""
    kind = _kind()
    form = _form(kind, formdata=request.form)
    if not form.validate():
        return _page(form, kind), 422
    typed = {name: form[name].data or "" for name in PROVIDER_FIELDS[kind]}
    try:
        service.check_names(kind, typed)
        with transaction():
            changed = service.save_provider(kind, typed, seen=form.seen.data or 0)
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(form, kind), 422
    except StaleForm as refusal:
        return _stale(form, kind, refusal), 409
    if changed:
        _log(kind, ",".join(changed))
    flash_at(kind.value, _("Saved. You can check the connection now."))
    return _back(kind)


@blueprint.post("/settings/rooms/remove")
@permission(Permission.EDIT_SETTINGS)
def remove_provider() -> Answer:
    """Forget what was entered for one provider."""
    kind = _kind()
    try:
        with transaction():
            service.remove_provider(kind, seen=request.form.get("seen", 0, type=int))
    except StaleForm as refusal:
        flash_at(kind.value, translate(refusal.complaints[0]), "warning")
        return _back(kind)
    _log(kind, "removed")
    flash_at(kind.value, _("The details have been removed."))
    if not service.provider_settings().missing(kind):
        return _back(kind)  # variables set everything
    if waiting := events_with_room(kind.value, now()):
        titles = ", ".join(each.title_in(page_locale()) for each in waiting[:_MOST_EVENTS])
        more = len(waiting) - _MOST_EVENTS
        words = ngettext(
            "One upcoming event has no room now: %(titles)s. Please choose another one for it.",
            "%(num)d upcoming events have no room now: %(titles)s."
            " Please choose another one for each.",
            len(waiting),
            titles=titles + (f" (+{more})" if more > 0 else ""),
        )
        flash_at(kind.value, words, "warning")
    return _back(kind)


@blueprint.post("/settings/rooms/check")
@permission(Permission.EDIT_SETTINGS)
@limited(CHECKS, key_func=lambda: str(organiser().id))
def check_connection() -> Answer:
    """Ask the server of one provider; the page says what it answered."""
    kind = _kind()
    found = check_provider(kind)
    for complaint in found.faults:
        flash_at(kind.value, translate(complaint), "danger")
    if not found.faults:
        name = _(PROVIDER_LABELS[kind])
        flash_at(kind.value, _("%(provider)s answers; the connection works.", provider=name))
    for complaint in found.advice:
        flash_at(kind.value, translate(complaint), "info")
    return _back(kind)


def _kind() -> ProviderKind:
    """The kind that the form names. Raises NotFound."""
    named = request.form.get("provider", "")
    found = next((kind for kind in PROVIDER_FIELDS if kind.value == named), None)
    if found is None:
        raise NotFound(Complaint(N_("There is no such provider of video rooms.")))
    return found


def _form(kind: ProviderKind, formdata: Any = None) -> ProviderForm:
    """The form of a kind with what was typed, or what is stored; never with a secret."""
    row = service.stored_provider(kind)
    shown = {name: getattr(row, name) for name in PROVIDER_FIELDS[kind] if name != SECRET}
    form = ProviderForm(formdata=formdata, prefix=kind.value, seen=row.edit_version, **shown)
    for name in FIELD_LENGTHS:
        if name not in PROVIDER_FIELDS[kind]:
            del form[name]
    return form


def _stale(form: ProviderForm, kind: ProviderKind, refusal: StaleForm) -> str:
    """Show the stored values beside the typed ones; saving again overwrites them."""
    row = service.stored_provider(kind)
    stored = {
        form[name].label.text: getattr(row, name) or "–"
        for name in PROVIDER_FIELDS[kind]
        if name != SECRET and getattr(row, name) != form[name].data
    }
    show_instead(form.seen, row.edit_version)
    words = translate(refusal.complaints[0])
    return _page(form, kind, conflict=words, differences=stored)


def _page(
    form: ProviderForm | None = None, wrong: ProviderKind | None = None, **more: object
) -> str:
    settings = service.provider_settings()
    forms = {kind: form if form and kind is wrong else _form(kind) for kind in PROVIDER_FIELDS}
    return render_template(
        "organiser/settings/rooms.html",
        data_page="rooms",
        providers=[_section(kind, forms[kind], settings) for kind in PROVIDER_FIELDS],
        wrong=form,
        unreadable_words=UNREADABLE,
        answer_places=[kind.value for kind in PROVIDER_FIELDS],
        **{"conflict": "", "differences": {}, **more},
    )


class ProviderSection(NamedTuple):
    """What the page shows of one kind. `variables` are those that are set, a secret masked."""

    kind: ProviderKind
    label: str
    form: ProviderForm
    variables: Mapping[str, str]
    keeps_secret: bool
    unreadable: bool
    is_begun: bool
    is_whole: bool
    is_entered: bool
    edit_version: int

    @property
    def is_fixed(self) -> bool:
        """Whether variables set everything."""
        return all(self.variables.values())


def _section(
    kind: ProviderKind, form: ProviderForm, settings: service.ProviderSettings
) -> ProviderSection:
    row, set_on_server = service.stored_provider(kind), service.variables_of(kind)
    if SECRET in set_on_server:
        set_on_server[SECRET] = "••••••••"
    unreadable = kind in settings.unreadable
    return ProviderSection(
        kind=kind,
        label=_(PROVIDER_LABELS[kind]),
        form=form,
        variables=dict.fromkeys(PROVIDER_FIELDS[kind], "") | set_on_server,
        keeps_secret=bool(row.secret) and not unreadable,
        unreadable=unreadable,
        is_begun=settings.is_begun(kind),
        is_whole=not settings.missing(kind),
        is_entered=bool(row.url or row.secret),
        edit_version=row.edit_version,
    )


def _back(kind: ProviderKind) -> Answer:
    return redirect(url_for("organiser.rooms", _anchor=kind.value), 303)


def _log(kind: ProviderKind, fields: str) -> None:
    log_security(
        SecurityEvent.SETTINGS_CHANGED,
        account=organiser().id,
        network=network(),
        what=f"rooms_{kind.value}",
        fields=fields,
    )

"""Standing sign-ups to a series: the public form, and the page behind the link in the mails."""

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from wtforms import RadioField

from ikone_events.domain.refusals import RegistrationClosed
from ikone_events.services.installation import now
from ikone_events.services.registering import standing
from ikone_events.services.registering.standing import StandingDraft
from ikone_events.store.db import transaction
from ikone_events.store.directory.naming import organisation_names
from ikone_events.store.events.queries import Series, get_series
from ikone_events.store.events.series import series_name
from ikone_events.store.registering.standing import StandingSignUp
from ikone_events.web.public.material_requests import busy_words
from ikone_events.web.registering.person_form import POSITION, PersonForm, RegistrationForm
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import PublicForm
from ikone_events.web.shell.headers import no_store_but_forms
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.limits import (
    PERSONAL,
    SIGN_UP,
    SIGN_UP_OF_ADDRESS,
    limited,
    rate_limit_by_address,
    rate_limit_by_ip,
)

blueprint = Blueprint("standing", __name__)
no_store_but_forms(blueprint, "standing.sign_up")
_SENT = "standing"
KEEP, WITHDRAW = "keep", "withdraw"


class StandingForm(PersonForm, PublicForm):
    """A person, with what every registration needs."""

    organisation = RegistrationForm.organisation
    position = POSITION
    mode = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email.description = lazy_gettext("We send the invitation to each date there.")

    def draft(self, locale: str) -> StandingDraft:
        """The valid form as a draft."""
        return StandingDraft(
            **self.names(),
            email=self.email.data,
            organisation_text=self.organisation.data,
            position=self.position.data or "",
            locale=locale,
        )


class EndForm(PublicForm):
    """Whether the registrations for coming dates stay."""

    coming = RadioField(
        lazy_gettext("Dates that you are registered for"),
        choices=[
            (KEEP, lazy_gettext("Stay registered for them")),
            (WITHDRAW, lazy_gettext("Cancel them too")),
        ],
        default=KEEP,
    )


@blueprint.route("/series/<slug>/standing", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
def sign_up(slug: str) -> ResponseReturnValue:
    """The form, and its answer, which is the same for known and unknown addresses."""
    series, form = get_series(slug), StandingForm()
    if closed := standing.closed_to_standing(slug):
        page = render_template("public/standing_closed.html", series=series, complaint=closed)
        return make_response(page, 409)
    return _form(series, form) if request.method == "GET" else _answer(series, form)


def _answer(series: Series, form: StandingForm) -> ResponseReturnValue:
    if wait := rate_limit_by_ip(SIGN_UP, _SENT):
        return _ask_to_wait(series, form, wait)
    if not form.validate():
        return _form(series, form, "invalid"), 422
    if wait := rate_limit_by_address(SIGN_UP_OF_ADDRESS, _SENT, [form.email.data]):
        return _ask_to_wait(series, form, wait)
    try:
        with transaction():
            standing.sign_up(series.slug, form.draft(page_locale()), now=now())
    except RegistrationClosed:  # switched off since the check above
        return redirect(url_for("standing.sign_up", slug=series.slug), 303)
    session[_SENT] = {"email": form.email.data, "slug": series.slug}
    return redirect(url_for("standing.signed_up", slug=series.slug), 303)


def _ask_to_wait(series: Series, form: StandingForm, seconds: int) -> ResponseReturnValue:
    form.form_errors.append(busy_words(seconds))
    return _form(series, form, "busy"), 429, {"Retry-After": str(seconds)}


def _form(series: Series, form: StandingForm, outcome: str = "") -> str:
    return render_template(
        "public/standing.html",
        series=series,
        form=form,
        outcome=outcome,
        organisations=organisation_names(),
        unused_days=standing.UNUSED_FOR.days,
    )


@blueprint.get("/series/<slug>/signed-up")
@permission(Permission.PUBLIC)
def signed_up(slug: str) -> ResponseReturnValue:
    """Says that a mail was sent; only for the session that sent the form."""
    sent = session.get(_SENT)
    if not isinstance(sent, dict) or sent.get("slug") != slug:
        return redirect(url_for("public.series", slug=slug), 303)
    return render_template(
        "public/check_mailbox.html", event=None, series=get_series(slug), email=sent["email"]
    )


@blueprint.get("/standing/<token>")
@permission(Permission.PERSONAL_LINK)
def show(token: str) -> ResponseReturnValue:
    """The sign-up behind a link: to confirm, or to end; or that it has ended."""
    return _page(token, standing.standing_from_token(token))


@blueprint.post("/standing/<token>/confirm")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def confirm(token: str) -> ResponseReturnValue:
    """Confirm the address; a second POST leads to the same page."""
    with transaction():
        standing.confirm(token, now=now())
    return redirect(url_for("standing.show", token=token), 303)


@blueprint.post("/standing/<token>/end")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def end(token: str) -> ResponseReturnValue:
    """End the sign-up; a second POST leads to the same page."""
    withdraws = EndForm().coming.data == WITHDRAW
    with transaction():
        if (found := standing.standing_from_token(token)) is not None:
            standing.end(found, withdraws=withdraws, now=now())
    return redirect(url_for("standing.show", token=token), 303)


def _page(token: str, found: StandingSignUp | None) -> str:
    return render_template(
        "public/standing_page.html",
        found=found,
        token=token,
        name=series_name(found.series_slug) if found else "",
        coming=standing.coming_from(found, now()) if found else [],
        form=EndForm(),
    )

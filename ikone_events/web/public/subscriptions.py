"""Asking to be told of new events or of one event's opening: form, confirmation, way out."""

from flask import (
    Blueprint,
    Response,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.refusals import N_, Complaint, LinkRefused, RegistrationClosed
from ikone_events.services.installation import now
from ikone_events.services.mails import subscribers
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import get_public_event
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import (
    AddressField,
    PublicForm,
    at_most,
    deliverable,
    needed,
    one_line,
    stripped,
)
from ikone_events.web.shell.headers import no_store
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.limits import PERSONAL, SIGN_UP, UNSUBSCRIBE, limited

blueprint = Blueprint("subscriptions", __name__)
DONE = "subscribed"


class SubscriptionForm(PublicForm):
    """An address and nothing else: who is behind it is not needed for writing to it."""

    email = AddressField(
        lazy_gettext("E-mail address"),
        [
            needed(lazy_gettext("Please enter your e-mail address.")),
            at_most(254),
            one_line,
            deliverable,
        ],
        filters=[stripped],
        description=lazy_gettext("For example: name@example.org"),
        render_kw={"autocomplete": "email"},
    )


@blueprint.after_request
def _keep_to_yourself(response: Response) -> Response:
    """The empty form may stay in the browser, so that "back" keeps what was typed."""
    no_store(response)
    if request.method == "GET" and request.endpoint in (
        "subscriptions.subscribe",
        "subscriptions.notify",
    ):
        response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.route("/subscribe", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
@limited(SIGN_UP, methods=["POST"])
def subscribe() -> ResponseReturnValue:
    """Announcements of all new events."""
    return _answer(None)


@blueprint.route("/events/<slug>/notify", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
@limited(SIGN_UP, methods=["POST"])
def notify(slug: str) -> ResponseReturnValue:
    """One e-mail when the registration of this event opens."""
    event = get_public_event(slug)
    if request.method == "GET" and event.state == State.OPEN.value:
        return redirect(url_for("signup.register", slug=slug), 303)
    if complaint := subscribers.no_news_because(event):
        return _closed_page(event, complaint)
    try:
        return _answer(event)
    except RegistrationClosed as refusal:  # it opened between the look and the press
        return _closed_page(event, refusal.complaints[0])


def _answer(event: Event | None) -> ResponseReturnValue:
    """The form, or its answer: the same for every address, whatever is known of it."""
    form = SubscriptionForm()
    if request.method == "GET":
        return render_template("public/subscribe.html", event=event, form=form)
    if not form.validate():
        form.explain_expiry()
        return render_template("public/subscribe.html", event=event, form=form), 422
    # The field that only programs see was filled: they learn nothing from it.
    if not form.website.data:
        with transaction():
            subscribers.subscribe(form.email.data, page_locale(), now=now(), event=event)
    session[DONE] = {"email": form.email.data, "slug": event.slug if event else ""}
    return redirect(url_for("subscriptions.subscribed"), 303)


def _closed_page(event: Event, complaint: Complaint) -> Response:
    page = render_template("public/closed.html", event=event, complaint=complaint)
    return make_response(page, 409)


@blueprint.get("/subscribed")
@permission(Permission.PUBLIC)
def subscribed() -> ResponseReturnValue:
    """That a mail is under way; only for the session that has just sent the form."""
    facts = session.get(DONE)
    if not isinstance(facts, dict):
        return redirect(url_for("subscriptions.subscribe"), 303)
    event = get_public_event(facts["slug"]) if facts["slug"] else None
    return render_template("public/subscribed.html", event=event, email=facts["email"])


@blueprint.get("/subscribe/<token>")
@permission(Permission.PERSONAL_LINK)
def ask_confirm(token: str) -> ResponseReturnValue:
    """The button that turns the mails on, or that they are on already."""
    found = subscribers.find_subscriber(token)
    if found is None:
        text = N_("This link is not valid any more. Please enter your address once more.")
        raise LinkRefused(Complaint(text))
    return render_template("public/subscription.html", subscriber=found, token=token)


@blueprint.post("/subscribe/<token>")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def confirm(token: str) -> ResponseReturnValue:
    """Turn the mails on; a second press leads to the same page."""
    with transaction():
        subscribers.confirm(token, now=now())
    return redirect(url_for("subscriptions.ask_confirm", token=token), 303)


@blueprint.get("/unsubscribe/<token>")
@permission(Permission.PERSONAL_LINK)
def ask_unsubscribe(token: str) -> ResponseReturnValue:
    """The button that deletes the address, or that nothing is stored under this link."""
    found = subscribers.find_subscriber(token)
    return render_template("public/unsubscribe.html", subscriber=found, token=token)


@blueprint.post("/unsubscribe/<token>")
@permission(Permission.PERSONAL_LINK)
@limited(UNSUBSCRIBE)
def unsubscribe(token: str) -> ResponseReturnValue:
    """Delete the address; pressed on our page, or by a mail provider in one click (RFC 8058).

    A provider is answered at once: it follows no redirects.
    """
    with transaction():
        subscribers.unsubscribe(token)
    if request.form.get("List-Unsubscribe") == "One-Click":
        return render_template("public/unsubscribe.html", subscriber=None, token=token)
    return redirect(url_for("subscriptions.ask_unsubscribe", token=token), 303)

"""E-mail subscriptions to new events or one event's opening: form, confirmation, unsubscribing."""

from flask import (
    Blueprint,
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
from ikone_events.services.mails.unsubscribing import find_reader
from ikone_events.services.mails.unsubscribing import unsubscribe as object_by
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import get_public_event
from ikone_events.web.registering.signup import closed_page
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import (
    ADDRESS_CHECKS,
    AddressField,
    PublicForm,
    needed,
)
from ikone_events.web.shell.headers import no_store_but_forms
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.limits import PERSONAL, SIGN_UP, UNSUBSCRIBE, limited

blueprint = Blueprint("subscriptions", __name__)
no_store_but_forms(blueprint, "subscriptions.subscribe", "subscriptions.notify")
DONE = "subscribed"


class SubscriptionForm(PublicForm):
    """The form: an e-mail address only."""

    email = AddressField(
        lazy_gettext("E-mail address"),
        [needed(lazy_gettext("Please enter your e-mail address.")), *ADDRESS_CHECKS],
        description=lazy_gettext("For example: name@example.org"),
        render_kw={"autocomplete": "email"},
    )


@blueprint.route("/subscribe", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
@limited(SIGN_UP, methods=["POST"])
def subscribe() -> ResponseReturnValue:
    """Subscribe to announcements of all new events."""
    return _answer(None)


@blueprint.route("/events/<slug>/notify", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
@limited(SIGN_UP, methods=["POST"])
def notify(slug: str) -> ResponseReturnValue:
    """Subscribe to one e-mail when the registration of this event opens."""
    event = get_public_event(slug)
    if request.method == "GET" and event.state == State.OPEN.value:
        return redirect(url_for("signup.register", slug=slug), 303)
    if complaint := subscribers.no_news_because(event):
        return closed_page(event, complaint)
    try:
        return _answer(event)
    except RegistrationClosed as refusal:  # it opened since the check above
        return closed_page(event, refusal.complaints[0])


def _answer(event: Event | None) -> ResponseReturnValue:
    """The form or its answer, which is the same for known and unknown addresses."""
    form = SubscriptionForm()
    if request.method == "GET":
        return render_template("public/subscribe.html", event=event, form=form)
    if not form.validate():
        return render_template("public/subscribe.html", event=event, form=form), 422
    with transaction():
        subscribers.subscribe(form.email.data, page_locale(), now=now(), event=event)
    session[DONE] = {"email": form.email.data, "slug": event.slug if event else ""}
    return redirect(url_for("subscriptions.subscribed"), 303)


@blueprint.get("/subscribed")
@permission(Permission.PUBLIC)
def subscribed() -> ResponseReturnValue:
    """Says that a mail was sent; only for the session that sent the form."""
    sent = session.get(DONE)
    if not isinstance(sent, dict):
        return redirect(url_for("subscriptions.subscribe"), 303)
    event = get_public_event(sent["slug"]) if sent["slug"] else None
    return render_template(
        "public/check_mailbox.html", event=event, series=None, email=sent["email"]
    )


@blueprint.get("/subscribe/<token>")
@permission(Permission.PERSONAL_LINK)
def ask_confirm(token: str) -> ResponseReturnValue:
    """The button that confirms the subscription, or that it is confirmed."""
    found = subscribers.find_subscriber(token)
    if found is None:
        text = N_("This link is not valid any more. Please enter your address once more.")
        raise LinkRefused(Complaint(text))
    return render_template("public/subscription.html", subscriber=found, token=token)


@blueprint.post("/subscribe/<token>")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def confirm(token: str) -> ResponseReturnValue:
    """Confirm the subscription; a second POST leads to the same page."""
    with transaction():
        subscribers.confirm(token, now=now())
    return redirect(url_for("subscriptions.ask_confirm", token=token), 303)


@blueprint.get("/unsubscribe/<token>")
@permission(Permission.PERSONAL_LINK)
def ask_unsubscribe(token: str) -> ResponseReturnValue:
    """The button that deletes the address, or that nothing is stored."""
    return render_template("public/unsubscribe.html", reader=find_reader(token), token=token)


@blueprint.post("/unsubscribe/<token>")
@permission(Permission.PERSONAL_LINK)
@limited(UNSUBSCRIBE)
def unsubscribe(token: str) -> ResponseReturnValue:
    """Delete the address; sent by our page or a mail provider (RFC 8058).

    Providers follow no redirects and get a page at once.
    """
    with transaction():
        object_by(token, now=now())
    if request.form.get("List-Unsubscribe") == "One-Click":
        return render_template("public/unsubscribe.html", reader=None, token=token)
    return redirect(url_for("subscriptions.ask_unsubscribe", token=token), 303)

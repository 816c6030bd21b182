"""Modes, administrations, groups, codes, the organiser's hand, deputies: on both databases."""

import json

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.refusals import RegistrationClosed, StatusRefused, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.services.registering.changes import Details, change_details, switch_mode
from ikone_events.services.registering.hand_over import Deputy, hand_over
from ikone_events.services.registering.registrations import add_person, register_all
from ikone_events.services.registering.seating import keep_seats
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.form_fields import Answer, FormField, answers_of
from ikone_events.store.registering.models import Code
from ikone_events.store.registering.queries import lock_registration
from tests.factories import NOW, make_event, make_organisation, make_registration
from tests.own_fields import make_field
from tests.services.registering.seats import (
    HOUR,
    applicant,
    chain,
    faults,
    mail,
    mails,
    person,
    reasons,
    sign_up,
    statuses,
    write,
)

pytestmark = pytest.mark.both_databases

ANNA = "anna@amt.example.org"
HYBRID = {"format": "hybrid", "place": "Rathaus"}


def deputy(name: str = "dora") -> Deputy:
    return Deputy(first_name="Dora", last_name="Beispiel", email=f"{name}@example.org")


def test_full_mode_puts_into_the_line_while_the_other_has_seats(app: Flask) -> None:
    event = make_event(app, capacity=5, capacity_on_site=1, **HYBRID)
    got = [
        sign_up(app, event, name, mode=mode)
        for name, mode in (("a", "on_site"), ("b", "on_site"), ("c", "online"))
    ]
    assert got == ["confirmed", "waitlisted", "confirmed"]
    assert reasons(app, "c")  # says why it got past b
    assert faults(app) == []

    write(app, lambda: withdraw(person(app, "c").public_id, now=NOW))
    assert statuses(app, event)["b"] == "waitlisted"
    write(app, lambda: withdraw(person(app, "a").public_id, now=NOW))
    assert statuses(app, event)["b"] == "confirmed"
    assert faults(app) == []


def test_promotion_skips_whom_a_full_mode_blocks_and_shows_it(app: Flask) -> None:
    event = make_event(app, capacity=2, capacity_on_site=1, **HYBRID)
    for name, mode in (
        ("a", "on_site"),
        ("b", "online"),
        ("c", "on_site"),
        ("d", "online"),
        ("e", "online"),
    ):
        sign_up(app, event, name, mode=mode)

    write(app, lambda: withdraw(person(app, "b").public_id, now=NOW))

    after = statuses(app, event)
    assert (after["c"], after["d"], after["e"]) == ("waitlisted", "confirmed", "waitlisted")
    assert len(reasons(app, "d")) == 1
    assert faults(app) == []


def test_switch_moves_while_there_is_room_and_frees_the_seat(app: Flask) -> None:
    event = make_event(app, capacity_online=1, capacity_on_site=1, capacity=None, **HYBRID)
    sign_up(app, event, "a", mode="online")
    sign_up(app, event, "b", mode="online")
    a = person(app, "a")

    write(app, lambda: switch_mode(a.public_id, Mode.ON_SITE, now=NOW))

    assert statuses(app, event) == {"a": "confirmed", "b": "confirmed"}
    assert mails(app)[-2:] == [("a", "changed"), ("b", "promotion")]
    assert mail(app, "a", "changed").calendar_method == "REQUEST"
    assert (
        person(app, "a").event_lock_version == a.event_lock_version
    )  # its status is that of before
    with pytest.raises(StatusRefused, match="You keep your place"):
        write(app, lambda: switch_mode(a.public_id, Mode.ONLINE, now=NOW))
    assert faults(app) == []


def test_who_waits_may_wait_for_the_other_mode(app: Flask) -> None:
    event = make_event(app, capacity=None, capacity_on_site=1, **HYBRID)
    sign_up(app, event, "a", mode="on_site")
    sign_up(app, event, "b", mode="on_site")

    write(app, lambda: switch_mode(person(app, "b").public_id, Mode.ONLINE, now=NOW))

    assert statuses(app, event)["b"] == "confirmed"
    assert mail(app, "b", "changed").calendar is None
    assert faults(app) == []


def test_nobody_switches_after_the_deadline_but_organisers_may(app: Flask) -> None:
    event = make_event(app, deadline=NOW, **HYBRID)
    a = make_registration(app, event, mode="online")
    with pytest.raises(StatusRefused, match=r"jutta.beispiel@example.org"):
        write(app, lambda: switch_mode(a.public_id, Mode.ON_SITE, now=NOW))
    write(app, lambda: switch_mode(a.public_id, Mode.ON_SITE, now=NOW, actor=ANNA))


def test_administration_waits_with_its_own_places_taken(app: Flask) -> None:
    event = make_event(app, capacity=9, per_administration=1)
    got = [
        sign_up(app, event, name, organisation=organisation)
        for name, organisation in (
            ("a", "Stadt Trier"),
            ("b", "STADT  trier"),
            ("c", "Stadt Mayen"),
            ("d", "stadt trier"),
        )
    ]
    assert got == ["confirmed", "waitlisted", "confirmed", "waitlisted"]
    assert faults(app) == []

    write(app, lambda: withdraw(person(app, "a").public_id, now=NOW))

    after = statuses(app, event)
    assert (after["b"], after["d"]) == ("confirmed", "waitlisted")
    assert faults(app) == []


def test_limit_without_a_waiting_list_refuses(app: Flask) -> None:
    event = make_event(app, per_administration=1, waiting_list=False)
    sign_up(app, event, "a")
    with pytest.raises(RegistrationClosed, match="has all the places"):
        sign_up(app, event, "b")
    with pytest.raises(RegistrationClosed, match="has all the places"):
        sign_up(app, event, "a")  # nobody learns that a is registered


def group(app: Flask, event: Event, *names: str, **changes: object) -> list[str]:
    people = [applicant(f"{name}@example.org", **changes) for name in names]
    return [
        status.value for status in write(app, lambda: register_all(event.slug, people, now=NOW))
    ]


def test_members_of_a_group_count_against_each_other(app: Flask) -> None:
    event = make_event(app, capacity=2)
    assert group(app, event, "a", "b", "c") == ["confirmed", "confirmed", "waitlisted"]
    assert mails(app) == [("a", "confirmation"), ("b", "confirmation"), ("c", "waitlist")]
    assert faults(app) == []


def test_group_is_registered_whole_or_not_at_all(app: Flask) -> None:
    event = make_event(app, capacity=2, waiting_list=False)
    with pytest.raises(RegistrationClosed):
        group(app, event, "a", "b", "c")
    assert (statuses(app, event), mails(app)) == ({}, [])


def test_group_with_somebody_known_gets_what_new_people_get(app: Flask) -> None:
    event = make_event(app, capacity=2)
    sign_up(app, event, "known")

    assert group(app, event, "known", "new") == ["confirmed", "waitlisted"]

    # The mails begin with what the page states; the free place goes to the first to wait.
    assert statuses(app, event) == {"known": "confirmed", "new": "confirmed"}
    sent = [("known", "repeat"), ("new", "waitlist"), ("new", "promotion")]
    assert mails(app)[1:] == sent
    assert faults(app) == []


def test_group_never_gets_past_those_who_wait(app: Flask) -> None:
    """The place that a known person does not take goes to whoever may have it first."""
    event = make_event(app, capacity=3, per_administration=2)
    for name in ("known", "a", "waits"):
        sign_up(app, event, name)
    assert statuses(app, event)["waits"] == "waitlisted"

    other = {"organisation": "Stadt Mayen"}
    assert group(app, event, "known", "new", "more", **other) == [
        *("confirmed", "waitlisted", "waitlisted")
    ]

    after = statuses(app, event)
    assert [after[name] for name in ("waits", "new", "more")] == [
        *("waitlisted", "confirmed", "waitlisted")
    ]
    assert faults(app) == []


def test_group_names_the_address_that_stands_twice(app: Flask) -> None:
    event = make_event(app)
    with pytest.raises(UnfitInput) as refusal:
        group(app, event, "a", "b", "A")
    assert [c.about for c in refusal.value.complaints] == ["colleagues-1-email"]
    alone = make_event(app, colleagues=False)
    with pytest.raises(UnfitInput):
        group(app, alone, "a", "b")


def test_code_lets_in_as_many_as_it_has_uses_known_or_not(app: Flask) -> None:
    event = make_event(app, by_code=True)
    code = Code(event_id=event.id, text="EINS", uses=2, created_at=NOW)
    write(app, lambda: db.session.add(code))
    sign_up(app, event, "a", code="eins")
    with pytest.raises(UnfitInput, match="used up"):
        group(app, event, "a", "b", code="EINS")
    sign_up(app, event, "b", code="ei-ns")
    with pytest.raises(UnfitInput, match="used up"):
        sign_up(app, event, "a", code="EINS")
    a = person(app, "a")
    write(app, lambda: hand_over(a.public_id, deputy(), now=NOW))
    assert person(app, "dora").code_id == a.code_id
    assert faults(app) == []


def test_organiser_adds_people_after_the_deadline_within_the_seats(app: Flask) -> None:
    event = make_event(app, state="closed", capacity=1, approval=True, by_code=True)

    def add(name: str) -> object:
        person = applicant(f"{name}@example.org")
        return write(app, lambda: add_person(event.slug, person, actor=ANNA, now=NOW))

    add("a")
    add("b")

    assert statuses(app, event) == {"a": "confirmed", "b": "waitlisted"}
    assert chain(app, "a") == [("add", "", "confirmed", ANNA)]
    with pytest.raises(UnfitInput) as refusal:
        add("A")
    assert refusal.value.complaints[0].about == "email"
    assert faults(app) == []


def test_hand_over_keeps_the_seat_of_a_full_event(app: Flask) -> None:
    event = make_event(app, capacity=1, per_administration=1, approval=False)
    sign_up(app, event, "eva", organisation="Stadt Trier", mode="")
    sign_up(app, event, "ben")
    eva = person(app, "eva")

    write(app, lambda: hand_over(eva.public_id, deputy(), now=NOW))

    assert statuses(app, event) == {"eva": "cancelled", "ben": "waitlisted", "dora": "confirmed"}
    dora = person(app, "dora")
    assert dora.predecessor_id == eva.id
    assert dora.organisation_text == "Stadt Trier"
    assert dora.public_id != eva.public_id
    assert dora.calendar_uid != eva.calendar_uid
    assert mail(app, "eva", "handed_over").calendar_method == "CANCEL"
    assert mail(app, "dora", "taken_over").calendar_method == "REQUEST"
    assert "Dora Beispiel" in mail(app, "eva", "handed_over").text
    assert faults(app) == []


def test_deputy_takes_the_place_in_the_line(app: Flask) -> None:
    event = make_event(app, capacity=1)
    for name in ("a", "b", "c"):
        sign_up(app, event, name)
    write(app, lambda: hand_over(person(app, "b").public_id, deputy(), now=NOW))

    write(app, lambda: withdraw(person(app, "a").public_id, now=NOW))

    after = statuses(app, event)
    assert (after["dora"], after["c"]) == ("confirmed", "waitlisted")
    assert faults(app) == []


@pytest.mark.parametrize("known_as", ["confirmed", "waitlisted"])
def test_hand_over_does_not_reveal_that_the_deputy_is_registered(app: Flask, known_as: str) -> None:
    event = make_event(app, capacity=2)
    sign_up(app, event, "eva")
    if known_as == "waitlisted":
        sign_up(app, event, "other")
    sign_up(app, event, "dora")
    sign_up(app, event, "ben")
    assert statuses(app, event)["dora"] == known_as
    before = mails(app)

    write(app, lambda: hand_over(person(app, "eva").public_id, deputy(), now=NOW))

    after = statuses(app, event)
    assert (after["eva"], after["dora"]) == ("cancelled", "confirmed")
    sent = mails(app)[len(before) :]
    assert sent[0] == ("eva", "handed_over")
    if known_as == "confirmed":
        assert sent[1:] == [("dora", "repeat"), ("ben", "promotion")]
    else:
        assert sent[1:] == [("dora", "taken_over")]
        assert after["ben"] == "waitlisted"
    assert faults(app) == []


def trier_and_bendorf(app: Flask, **values: object) -> Event:
    """Eva of Trier and Otto of Bendorf have seats; Dora of Bendorf and Ben of Mayen wait."""
    event = make_event(app, capacity=2, per_administration=1, **values)
    for name, place in (
        ("eva", "Trier"),
        ("otto", "Bendorf"),
        ("dora", "Bendorf"),
        ("ben", "Mayen"),
    ):
        sign_up(app, event, name, organisation=f"Stadt {place}")
    return event


def test_deputy_who_waits_takes_no_place_beyond_the_limit_of_their_administration(
    app: Flask,
) -> None:
    event = trier_and_bendorf(app)
    before = mails(app)

    write(app, lambda: hand_over(person(app, "eva").public_id, deputy(), now=NOW))

    after = statuses(app, event)
    assert (after["eva"], after["dora"], after["ben"]) == ("cancelled", "waitlisted", "confirmed")
    sent = mails(app)[len(before) :]
    assert sent == [("eva", "handed_over"), ("dora", "repeat"), ("ben", "promotion")]
    assert faults(app) == []


def test_organiser_learns_why_a_deputy_can_not_take_the_place(app: Flask) -> None:
    event = trier_and_bendorf(app)
    eva = person(app, "eva").public_id
    with pytest.raises(StatusRefused, match="public body has all the places"):
        write(app, lambda: hand_over(eva, deputy(), actor=ANNA, now=NOW))
    assert statuses(app, event)["eva"] == "confirmed"


def test_deputy_who_waits_takes_the_place_of_the_same_administration(app: Flask) -> None:
    """Also while it has more places than one can have by now: one leaves, one comes."""
    event = trier_and_bendorf(app)
    make_registration(app, event, organisation_text="Stadt Bendorf", email="old@example.org")
    write(app, lambda: hand_over(person(app, "otto").public_id, deputy(), now=NOW))
    after = statuses(app, event)
    assert (after["otto"], after["dora"], after["ben"]) == ("cancelled", "confirmed", "waitlisted")


def test_place_of_a_member_goes_to_no_stranger_while_members_are_first(app: Flask) -> None:
    trier = make_organisation(app, "Stadt Trier")
    event = make_event(app, capacity=1, members_until=NOW + HOUR)
    sign_up(app, event, "eva", organisation="Stadt Trier")
    sign_up(app, event, "dora", organisation="Verein")
    assert (person(app, "eva").organisation_id, statuses(app, event)) == (
        trier.id,
        {"eva": "confirmed", "dora": "waitlisted"},
    )
    write(app, lambda: hand_over(person(app, "eva").public_id, deputy(), now=NOW))
    assert statuses(app, event) == {"eva": "cancelled", "dora": "waitlisted"}
    assert faults(app) == []


def test_nobody_hands_over_to_themselves(app: Flask) -> None:
    event = make_event(app)
    sign_up(app, event, "eva")
    with pytest.raises(UnfitInput):
        write(app, lambda: hand_over(person(app, "eva").public_id, deputy("Eva"), now=NOW))


def field_with_places(app: Flask, event: Event, places: int) -> None:
    choices = [{"value": "a", "label": "A", "places": places}, {"value": "b", "label": "B"}]
    field = FormField(
        event_id=event.id,
        key="group",
        kind="one_choice",
        position=1,
        label="Gruppe",
        choices=json.dumps(choices),
    )
    write(app, lambda: db.session.add(field))


def test_place_of_a_choice_goes_along_with_the_seat(app: Flask) -> None:
    event = make_event(app)
    field_with_places(app, event, 1)
    sign_up(app, event, "eva", answers={"group": ["a"]})
    with pytest.raises(UnfitInput, match="no places left"):
        sign_up(app, event, "eva", answers={"group": ["a"]})  # as anybody new would hear

    write(app, lambda: hand_over(person(app, "eva").public_id, deputy(), now=NOW))

    dora = person(app, "dora")
    with app.app_context():
        held = db.session.scalars(select(Answer.value).where(Answer.registration_id == dora.id))
        assert list(held) == ["a"]
    with pytest.raises(UnfitInput, match="no places left"):
        sign_up(app, event, "ben", answers={"group": ["a"]})


def test_deputy_keeps_a_place_that_hangs_on_another_answer(app: Flask) -> None:
    event = make_event(app, deadline=NOW + HOUR)
    table = {"value": "a", "label": "A", "places": 1}
    make_field(app, event, key="lunch", kind="yes_no")
    shown = {"shown_if": "lunch", "shown_value": "yes"}
    make_field(app, event, key="table", kind="one_choice", choices=[table], **shown)
    make_field(app, event, key="diet")
    sent = {"lunch": ["yes"], "table": ["a"], "diet": ["keine Nüsse"]}
    sign_up(app, event, "eva", answers=sent)
    write(app, lambda: hand_over(person(app, "eva").public_id, deputy(), now=NOW))

    dora = person(app, "dora").public_id
    seen = {"lunch": ["yes"], "table": ["a"]}  # what the form of changes shows and sends back
    with app.app_context():
        assert answers_of(lock_registration(dora)) == seen
    details = Details(first_name="Dora", last_name="Neu")
    write(app, lambda: change_details(dora, details, seen, now=NOW + 2 * HOUR))
    with pytest.raises(UnfitInput, match="no places left"):
        sign_up(app, event, "ben", answers={"lunch": ["yes"], "table": ["a"]})


def test_answers_that_hold_places_stay_after_the_deadline(app: Flask) -> None:
    event = make_event(app, deadline=NOW + HOUR)
    field_with_places(app, event, 1)
    sign_up(app, event, "eva", answers={"group": ["a"]})
    eva = person(app, "eva")
    details = Details(first_name="Eva", last_name="Neu")
    late = NOW + 2 * HOUR

    write(app, lambda: change_details(eva.public_id, details, {"group": ["a"]}, now=late))
    assert person(app, "eva").last_name == "Neu"
    with pytest.raises(StatusRefused, match="deadline"):
        write(app, lambda: change_details(eva.public_id, details, {"group": ["b"]}, now=late))
    write(app, lambda: change_details(eva.public_id, details, {"group": ["b"]}, now=NOW))
    sign_up(app, event, "ben", answers={"group": ["a"]})


def test_lowered_capacity_takes_no_seat_away_in_any_mode(app: Flask) -> None:
    event = make_event(app, capacity=4, **HYBRID)
    for name in ("a", "b", "c"):
        sign_up(app, event, name, mode="on_site")

    def lower() -> None:
        held = lock_event(event.slug)
        held.capacity, held.capacity_on_site = 2, 1
        db.session.flush()
        keep_seats(held, now=NOW)

    write(app, lower)

    assert set(statuses(app, event).values()) == {"confirmed"}
    assert faults(app) == []
    write(app, lambda: switch_mode(person(app, "a").public_id, Mode.ONLINE, now=NOW))
    assert faults(app) == []
    assert sign_up(app, event, "d", mode="online") == "waitlisted"


def test_repeat_within_the_hour_writes_nothing(app: Flask) -> None:
    event = make_event(app, capacity=1)
    sign_up(app, event, "eva")
    for _ in range(3):
        assert sign_up(app, event, "eva") == Status.WAITLISTED.value
    assert mails(app) == [("eva", "confirmation"), ("eva", "repeat")]

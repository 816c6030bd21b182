"""The commands as a shell calls them: plain lines, exit status, nothing half done."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.commands import COMMANDS, find_command
from ikone_events.demo.story import folder
from ikone_events.services.followup.materials import path_of
from tests.factories import NOW, make_event, make_mail, make_material, make_registration
from tests.rows import reload
from tests.services.operating.installations import call
from tests.spreadsheets import cells_of, has_formula


def test_every_command_is_found_by_its_name() -> None:
    found = [find_command(name) for name in COMMANDS]
    assert [command and command.name for command in found] == list(COMMANDS)


def test_event_list_names_every_event(app: Flask) -> None:
    event = make_event(app, title="Raum für Zukunft")

    assert event.slug in call(app, "event", "list").output
    assert "Raum für Zukunft" in call(app, "event", "list").output


def test_event_show_shows_what_is_missing(app: Flask) -> None:
    event = make_event(app, state="closed", room_url="")

    output = call(app, "event", "show", event.slug).output

    assert "dispatch -> dispatched" in output
    assert "needs: The access link to the video room is missing." in output


def test_event_do_carries_out_a_transition(app: Flask) -> None:
    event = make_event(app)

    result = call(app, "event", "do", event.slug, "close")

    assert (result.exit_code, result.output) == (0, f"{event.slug}: open -> closed\n")


def test_event_do_announces_and_opens_at_once(app: Flask) -> None:
    event = make_event(app, state="draft")

    result = call(app, "event", "do", event.slug, "announce", "--open")

    assert (result.exit_code, result.output) == (0, f"{event.slug}: draft -> open\n")
    assert call(app, "event", "do", event.slug, "close", "--open").exit_code == 1


def test_event_do_undoes_what_notified_nobody(app: Flask) -> None:
    event = make_event(app)
    call(app, "event", "do", event.slug, "cancel", "--reason", "Sturm")

    result = call(app, "event", "do", event.slug, "undo")

    assert (result.exit_code, result.output) == (0, f"{event.slug}: cancelled -> open\n")
    assert call(app, "event", "do", event.slug, "undo").exit_code == 1


def test_event_do_keeps_the_reason_of_a_link_sent_by_other_means(app: Flask) -> None:
    event = make_event(app)
    assert "reason" not in call(app, "event", "show", event.slug).output
    assert call(app, "event", "do", event.slug, "mark_sent").exit_code == 1

    result = call(app, "event", "do", event.slug, "mark_sent", "--reason", "Über den Verteiler.")

    assert result.output == f"{event.slug}: open -> dispatched\n"


def test_event_do_discards_a_draft_with_its_files(app: Flask) -> None:
    event = make_event(app, state="draft")
    material = make_material(app, event)
    with app.app_context():
        file = path_of(material)
    assert file.exists()

    result = call(app, "event", "do", event.slug, "discard")

    assert (result.exit_code, result.output) == (0, f"{event.slug}: draft -> gone\n")
    assert not file.exists()
    assert call(app, "event", "show", event.slug).exit_code == 1


def test_event_do_lists_all_complaints_and_ends_with_one(app: Flask) -> None:
    event = make_event(app, state="closed", room_url="")

    result = call(app, "event", "do", event.slug, "dispatch")

    assert result.exit_code == 1
    assert "access link" in result.output
    assert "Nobody is confirmed" in result.output


@pytest.mark.parametrize(
    "words",
    [
        ("event", "show", "nothing"),
        ("event", "do", "nothing", "close"),
        ("export", "registrations", "nothing"),
    ],
)
def test_missing_event_is_one_line(app: Flask, words: tuple[str, ...]) -> None:
    result = call(app, *words)
    assert (result.exit_code, result.output) == (1, "There is no event “nothing”.\n")


def test_unknown_action_names_the_known_ones(app: Flask) -> None:
    result = call(app, "event", "do", make_event(app).slug, "explode")
    assert result.exit_code == 1
    assert "postpone" in result.output


@pytest.mark.parametrize("moment", ["soon", "2027-03-28T02:30"])
def test_impossible_date_is_one_line(app: Flask, moment: str) -> None:
    event = make_event(app, state="postponed")
    words = ("--starts-at", moment, "--ends-at", "2027-04-01T12:00")

    result = call(app, "event", "do", event.slug, "reschedule", *words)

    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "stored"),
    [
        ("2027-07-01T10:00", "2027-07-01T12:00", "2027-07-01T08:00:00+00:00"),
        # The one way to name the second 2:30 of the night in which the clocks go back.
        ("2027-10-31T02:30+01:00", "2027-10-31T12:00", "2027-10-31T01:30:00+00:00"),
    ],
    ids=["local time", "with its offset"],
)
def test_reschedule_takes_a_moment(app: Flask, starts_at: str, ends_at: str, stored: str) -> None:
    event = make_event(app, state="postponed")
    words = ("--starts-at", starts_at, "--ends-at", ends_at)

    assert call(app, "event", "do", event.slug, "reschedule", *words).exit_code == 0
    assert reload(app, event).starts_at.isoformat() == stored


def test_reschedule_shows_the_deadline(app: Flask) -> None:
    event = make_event(app, state="postponed", deadline=NOW + timedelta(days=13))
    words = ("--starts-at", "2027-07-01T18:00", "--ends-at", "2027-07-01T19:00")
    output = call(app, "event", "do", event.slug, "reschedule", *words).output
    assert "registration deadline: Wednesday, 30 June 2027, 18:00" in output


def test_list_names_the_local_day(app: Flask) -> None:
    night = datetime(2027, 7, 1, 22, 30, tzinfo=UTC)  # 0:30 of the next day in Berlin
    make_event(app, starts_at=night, ends_at=night + timedelta(hours=2))
    assert call(app, "event", "list").output.startswith("2027-07-02 ")


def test_load_stores_the_whole_demo_file(app: Flask) -> None:
    result = call(app, "load", str(folder() / "ikone.json"))

    assert result.exit_code == 0
    assert "11 events, 139 registrations loaded." in result.output


def test_loaded_room_whose_provider_is_not_set_up_is_named(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "rooms.json"
    data = json.loads((folder() / "ikone.json").read_text(encoding="utf-8"))
    for event in data["events"]:
        event["video"] = {"provider": "bbb"}
    late = data["events"][-1]
    late["starts_at"], late["ends_at"] = "2027-07-06T09:30:00+02:00", "2027-07-06T15:30:00+02:00"
    file.write_text(json.dumps(data), encoding="utf-8")
    result = call(app, "load", str(file))
    assert result.exit_code == 0
    named = [line for line in result.output.splitlines() if "not set up" in line]
    assert len(named) == 1  # what is over needs no room any more
    assert late["slug"] in named[0]


def test_broken_file_stores_nothing(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    data = json.loads((folder() / "ikone.json").read_text(encoding="utf-8"))
    data["registrations"][-1]["status"] = "vip"
    file.write_text(json.dumps(data), encoding="utf-8")

    result = call(app, "load", str(file))

    assert result.exit_code == 1
    assert "vip" in result.output
    assert call(app, "event", "list").output == ""


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b"\xff\xfe", b""])
def test_file_that_is_no_dataset_is_one_complaint(
    app: Flask, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(content)

    result = call(app, "load", str(file))

    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 2


def test_organiser_is_added_once_and_with_a_real_password(app: Flask) -> None:
    words = ("organiser", "add", "eva@example.org", "--role", "admin", "--password-stdin")

    assert call(app, *words, typed="short\n").exit_code == 1
    assert call(app, *words, typed="a long enough one\n").exit_code == 0
    again = call(app, *words, typed="a long enough one\n")
    assert (again.exit_code, "already" in again.output) == (1, True)


def test_organiser_may_be_limited_to_events(app: Flask) -> None:
    event = make_event(app)
    words = ("organiser", "add", "eva@example.org", "--role", "organiser", "--password-stdin")

    assert call(app, *words, "--only", "nothing", typed="a long enough one\n").exit_code == 1
    assert call(app, *words, "--only", event.slug, typed="a long enough one\n").exit_code == 0


def test_registrations_are_exported_as_csv_and_json(app: Flask, tmp_path: Path) -> None:
    event = make_event(app)
    person = make_registration(app, event, first_name="=cmd()")
    make_registration(app, event, status="waitlisted")

    lines = call(app, "export", "registrations", event.slug).output.splitlines()
    assert lines[0].startswith("id,email,first_name,last_name,organisation,status,")
    assert f"{person.public_id},{person.email},'=cmd()" in lines[1]

    target = tmp_path / "people.json"
    call(app, "export", "registrations", event.slug, "--format", "json", "--output", str(target))
    rows = json.loads(target.read_text(encoding="utf-8"))
    assert [row["waitlist_position"] for row in rows] == [None, 1]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_registrations_are_exported_as_a_workbook(app: Flask, tmp_path: Path, kind: str) -> None:
    event = make_event(app)
    make_registration(app, event, first_name="=cmd()")
    target = tmp_path / f"people.{kind}"
    words = ("export", "registrations", event.slug, "--format", kind)

    assert call(app, *words, "--output", str(target)).exit_code == 0
    for content in (target.read_bytes(), call(app, *words).stdout_bytes):
        heads, row = cells_of(content)
        assert dict(zip(heads, row, strict=True))["first_name"] == "=cmd()"
        assert not has_formula(content)


def test_outbox_is_exported_without_texts(app: Flask) -> None:
    mail = make_mail(app, make_registration(app, make_event(app)), text="geheim")

    output = call(app, "export", "outbox").output

    assert mail.message_id in output
    assert "geheim" not in output


def test_worker_once_works_off_what_is_due(app: Flask) -> None:
    result = call(app, "worker", "--once")

    assert (result.exit_code, result.output) == (0, "0 e-mails sent.\n")

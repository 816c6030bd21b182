"""Own fields: their names, when they are shown, what of the answers is kept, who sees them."""

import pytest

from ikone_events.domain.registering.form_fields import (
    FieldChoice,
    FieldKind,
    OwnField,
    answer_words,
    is_key,
    kept_answers,
    key_of,
    visible_to,
)

FOOD = OwnField(
    key="essen",
    kind=FieldKind.ONE_CHOICE,
    label="Essen",
    choices=(
        FieldChoice(value="ja", label="Ja", label_en="Yes"),
        FieldChoice(value="nein", label="Nein"),
    ),
)
DIET = OwnField(
    key="kost",
    kind=FieldKind.SEVERAL_CHOICES,
    label="Kost",
    choices=(
        FieldChoice(value="vegan", label="Vegan"),
        FieldChoice(value="ohne", label="Ohne Nüsse"),
    ),
    shown_if="essen",
    shown_value="ja",
)
NOTE = OwnField(
    key="wunsch", kind=FieldKind.LONG_TEXT, label="Wunsch", shown_if="kost", shown_value="ohne"
)


@pytest.mark.parametrize(
    ("label", "taken", "key"),
    [
        ("Essen & Trinken", (), "essen_trinken"),
        ("Größe des T-Shirts?", (), "groesse_des_t_shirts"),
        ("Essen", ("essen", "essen_2"), "essen_3"),
        ("???", (), "field"),
        ("x" * 90, ("x" * 36,), "x" * 36 + "_2"),
    ],
)
def test_key_is_made_from_the_label(label: str, taken: tuple[str, ...], key: str) -> None:
    assert key_of(label, taken) == key
    assert is_key(key)


def test_answers_to_hidden_fields_are_dropped_down_the_chain() -> None:
    sent = {"essen": ["nein"], "kost": ["ohne"], "wunsch": ["Bitte nichts"], "fremd": ["x"]}
    assert kept_answers([FOOD, DIET, NOTE], sent) == {"essen": ["nein"]}
    sent["essen"] = ["ja"]
    assert kept_answers([FOOD, DIET, NOTE], sent) == {
        "essen": ["ja"],
        "kost": ["ohne"],
        "wunsch": ["Bitte nichts"],
    }


def test_answers_are_kept_once_and_single_ones_alone() -> None:
    sent = {"essen": ["ja", "nein"], "kost": ["vegan", "vegan", "", "ohne"]}
    assert kept_answers([FOOD, DIET], sent) == {"essen": ["ja"], "kost": ["vegan", "ohne"]}


def test_answers_are_seen_from_a_role_upwards() -> None:
    fields = [
        OwnField(key=role, kind=FieldKind.SHORT_TEXT, label=role, seen_by=role)
        for role in ("viewer", "organiser", "admin")
    ]
    assert [field.key for field in visible_to("viewer", fields)] == ["viewer"]
    assert [field.key for field in visible_to("organiser", fields)] == ["viewer", "organiser"]
    assert len(visible_to("admin", fields)) == 3
    assert visible_to("nobody", fields) == []


def test_answers_are_read_by_their_labels() -> None:
    assert answer_words(FOOD, "ja", "de") == "Ja"
    assert answer_words(FOOD, "ja", "en") == "Yes"
    assert answer_words(FOOD, "nein", "en") == "Nein"
    assert answer_words(FOOD, "fort", "de") == "fort"
    assert answer_words(NOTE, "frei", "de") == "frei"
    yes_no = OwnField(key="x", kind=FieldKind.YES_NO, label="X")
    assert answer_words(yes_no, "no", "de") == "No"

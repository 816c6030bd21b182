"""Typed names: every spelling of a body finds it, and none ever finds another."""

import unicodedata
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.directory.administrations import (
    LONGEST,
    NameSource,
    key_of,
    names_of,
    pick,
    place_of,
)
from tests.administrations import CLASS_OF, ROWS, WAYS, without_umlauts

NUMBERS = {row["name"]: number for number, row in enumerate(ROWS)}


def _index() -> dict[str, set[tuple[int, str]]]:
    found: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for number, row in enumerate(ROWS):
        aliases = [alias for alias in row["aliase"].split("|") if alias]
        for name in names_of(row["name"], row["kurzname"], row["art"], aliases):
            found[name.key].add((number, name.source))
    return found


INDEX = _index()


def find(text: str) -> str | None:
    """The name of the body that the fixture's directory knows under a typed text."""
    number = pick(INDEX.get(key_of(text), ()))
    return None if number is None else ROWS[number]["name"]


SPELLINGS = st.sampled_from(
    [
        str,
        str.upper,
        str.lower,
        without_umlauts,
        lambda text: text.replace("-", " "),
        lambda text: text.replace("-", " – "),
        lambda text: text.replace("ß", "ss"),
        lambda text: f"  {text}. ",
        lambda text: text.replace(" ", "  "),
        lambda text: unicodedata.normalize("NFD", text),
    ]
)


@given(st.text(max_size=300))
def test_key_of_a_key_is_the_key(text: str) -> None:
    key = key_of(text)
    assert key_of(key) == key
    assert len(key) <= LONGEST


@given(
    st.lists(
        st.sampled_from(
            [
                *("vg", "kreis", "kreises", "stadt", "og", "der", "st", "str", "verwaltung", "rh"),
                *("weststr", "Kreiskreis", "derkreis", "stkreises", "ß", "a", "VGV", "x" * 150),
            ]
        ),
        max_size=30,
    ),
    st.sampled_from([" ", "", "-", "("]),
)
def test_key_of_a_key_is_the_key_among_known_words(words: list[str], between: str) -> None:
    key = key_of(between.join(words))
    assert key_of(key) == key
    assert len(key) <= LONGEST


@given(st.data())
def test_every_spelling_finds_its_body(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(ROWS))
    way = data.draw(st.sampled_from((*WAYS[CLASS_OF[row["art"]]], row["name"])))
    text = way.format(row["kurzname"])
    for spell in data.draw(st.lists(SPELLINGS, max_size=3)):
        text = spell(text)
    assert find(text) == row["name"]


@given(st.data())
def test_no_spelling_finds_a_body_of_another_kind(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(ROWS))
    kind = data.draw(st.sampled_from(sorted(WAYS)))
    text = data.draw(st.sampled_from(WAYS[kind])).format(row["kurzname"])
    found = find(text)
    if found is not None:
        own = ROWS[NUMBERS[found]]
        assert CLASS_OF[own["art"]] == kind or {CLASS_OF[own["art"]], kind} == {"og", "gemeinde"}
        assert own["kurzname"] == row["kurzname"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("VG Landburg", "Verbandsgemeindeverwaltung Landburg"),
        ("landburg", "Verbandsgemeindeverwaltung Landburg"),
        ("Stadt Landburg", None),  # the town is another body than the association around it
        ("Lautersheim", None),  # city and district
        ("Stadt Lautersheim", "Stadtverwaltung Lautersheim"),
        ("LK Lautersheim", "Kreisverwaltung Lautersheim"),
        ("Kreisverwaltung Altenfels", "Kreisverwaltung Altenfels (Westerwald)"),
        ("Altenfels", None),  # the district, or half of the association?
        ("Bitberg", "Stadtverwaltung Bitberg"),  # the whole name of a town, half of a district's
        ("VG Bad Emser Nassburg", "Verbandsgemeindeverwaltung Bad Emser-Nassburg"),
        ("Stadt Neuburg", "Stadtverwaltung Neuburg an der Weinstraße"),
        ("Neuburg/Weinstr.", "Stadtverwaltung Neuburg an der Weinstraße"),
        ("Ludwigsau a. Rh.", "Stadtverwaltung Ludwigsau am Rhein"),
        ("KV Rhein-Hochwald", "Kreisverwaltung des Rhein-Hochwald-Kreises"),
        ("Eichwaldkreis", "Kreisverwaltung des Eichwaldkreises"),
        ("Kreis Bitberg-Prümm", "Kreisverwaltung des Hügelkreises Bitberg-Prümm"),
        ("SUEH", "Kreisverwaltung Südliche Hügelstraße"),
        ("Gemeinde Zornfeld", "Ortsgemeinde Zornfeld"),
        ("Stadtverwaltung", None),
        ("", None),
        ("?!", None),
    ],
)
def test_typed_name_finds(text: str, name: str | None) -> None:
    assert find(text) == name


def test_kinds_of_the_directory_complete_names_without_one() -> None:
    keys = {name.key for name in names_of("Lautersheim", "", "landkreis", ())}
    assert keys == {"lautersheim", "kreis lautersheim"}


def test_strongest_source_of_a_key_counts() -> None:
    names = names_of("Stadt Bitberg (Eifel)", "", "verbandsfreie_stadt", ["Bitberg"])
    assert {name.key: name.source for name in names} == {
        "stadt bitberg eifel": NameSource.NAME,
        "bitberg eifel": NameSource.NAME,
        "stadt bitberg": NameSource.ALIAS,
        "bitberg": NameSource.ALIAS,
    }
    plain = names_of("Stadt Bitberg (Eifel)", "", "verbandsfreie_stadt", ())
    assert {name.key for name in plain if name.source is NameSource.CUT} == {
        "stadt bitberg",
        "bitberg",
    }


def test_place_is_the_key_without_the_kind() -> None:
    assert place_of("VG Landburg") == "landburg"
    assert place_of("Київ, Stadt") == key_of("Київ")


def test_half_a_name_finds_nobody() -> None:
    assert pick([(1, "part")]) is None
    assert pick([(1, "cut"), (2, "part")]) is None
    assert pick([(1, "name"), (2, "part"), (3, "cut")]) == 1
    assert pick([(1, "alias"), (2, "name")]) is None

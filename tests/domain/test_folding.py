"""Searching and sorting as Germans expect it."""

from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.folding import search_key, search_words, sort_key

FOUND = [
    *(("Müller", "MÜLLER"), ("Müller", "mueller"), ("Müller", "Muller"), ("Mueller", "Müller")),
    *(("MU\u0308LLER", "müller"), ("Ärztin", "ärztin"), ("Özdemir", "ÖZ"), ("Özdemir", "oezdemir")),
    *(("Straße", "STRASSE"), ("Strasse", "straße"), ("Straße", "ẞ"), ("Groß", "gross")),
    *(("O’Neil", "O'Neil"), ("O'Neil", "oneil"), ("ONeil", "O´Neil"), ("d'Estaing", "destaing")),
    *(("Łukasz", "lukasz"), ("Åse", "aase"), ("Søren", "soeren"), ("Zoë", "zoe"), ("İnan", "inan")),
    *(("Bauer", "er"), ("Manuel", "el"), ("Müller-Özil", "özil-müller"), ("100%", "100%")),
]
NOT_FOUND = [("Müller", "Möller"), ("Bauer", "Baur"), ("Anna", "_nna"), ("Anna", "%"), ("Ö", "x")]


def finds(query: str, *texts: str) -> bool:
    key = search_key(*texts)
    return all(any(word in key for word in spellings) for spellings in search_words(query))


def test_people_are_found_however_they_are_spelled() -> None:
    assert [(name, query) for name, query in FOUND if not finds(query, name)] == []
    assert [(name, query) for name, query in NOT_FOUND if finds(query, name)] == []


def test_order_of_the_words_does_not_matter() -> None:
    person = "Jörg", "Müller-Lüdenscheidt", "j.mueller@example.org", "Stadtverwaltung Köln"
    for query in ("Müller, Jörg", "jorg muller", "koeln MUELLER", "j.mueller@example.org", " , -"):
        assert finds(query, *person)


def test_names_are_sorted_as_in_a_telephone_book_of_names() -> None:
    names = [
        *(("Ärmel", "Eva"), ("Armin", "Eva"), ("Bach", "Zoe"), ("Bach Meier", "Ada")),
        *(("Bacher", "Ada"), ("de Vries", "Jan"), ("Öhm", "Ada"), ("Ohm", "Eva")),
        *(("O’Neil", "Tom"), ("Onken", "Ada"), ("Straße", "Ada"), ("Strasser", "Ada")),
        *(("Übel", "Ada"), ("Udo", "Eva"), ("Zander", "Ada")),
    ]
    assert sorted(set(names), key=lambda name: sort_key(*name)) == names


@given(st.text(max_size=60))
def test_text_is_found_by_itself(text: str) -> None:
    assert finds(text, text)
    assert sort_key(text) == sort_key(text.strip())

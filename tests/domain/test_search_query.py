"""What somebody typed is read as words, an address or the id of a mail."""

import pytest

from ikone_events.domain.search_query import LONGEST_QUERY, read_query


@pytest.mark.parametrize(
    ("typed", "address", "message_id"),
    [
        ("kusel müller", "", ""),
        ("Wilma@Example.org", "wilma@example.org", "<Wilma@Example.org>"),
        ("<abc123@localhost>", "", "<abc123@localhost>"),
        ('"Wilma Ahorn" <wilma@example.org>', "wilma@example.org", ""),
    ],
)
def test_query_names_an_address_or_a_mail(typed: str, address: str, message_id: str) -> None:
    query = read_query(typed)
    assert (query.address, query.message_id) == (address, message_id)


@pytest.mark.parametrize("typed", ["", "   ", "- , ;", "́"])
def test_query_without_a_word_searches_nothing(typed: str) -> None:
    assert read_query(typed).words == ()


def test_query_that_is_cut_is_marked() -> None:
    assert not read_query("x" * LONGEST_QUERY).is_cut
    assert read_query("x" * (LONGEST_QUERY + 1)).is_cut
    assert not read_query("a b c d e f g h").is_cut
    assert read_query("a b c d e f g-h i").is_cut

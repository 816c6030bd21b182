"""What differs between two texts is marked word by word, and both can be read from it."""

from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.mails.text_changes import ChangeKind, TextPiece, text_changes

TEXTS = st.text(alphabet="ab \n{}", max_size=40)


def test_changed_word_is_marked_inside_its_line() -> None:
    before, after = "Guten Tag\nSie sind angemeldet.\n", "Guten Tag\nSie sind dabei.\nBis bald"
    assert text_changes(before, after) == [
        TextPiece(ChangeKind.SAME, "Guten Tag\n"),
        TextPiece(ChangeKind.SAME, "Sie sind "),
        TextPiece(ChangeKind.GONE, "angemeldet."),
        TextPiece(ChangeKind.NEW, "dabei."),
        TextPiece(ChangeKind.SAME, "\n"),
        TextPiece(ChangeKind.NEW, "Bis bald"),
    ]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_pieces(before: str, after: str) -> None:
    pieces = text_changes(before, after)
    assert "".join(each.text for each in pieces if each.kind is not ChangeKind.NEW) == before
    assert "".join(each.text for each in pieces if each.kind is not ChangeKind.GONE) == after

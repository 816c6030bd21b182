import pytest

from ikone_events.domain.address import email_key, looks_like_address
from ikone_events.domain.words import is_slug, slug_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Petra.Brotschatz@Example.Org", "petra.brotschatz@example.org"),
        (" a@b.de ", "A@B.DE"),
        ("x@münchen.de", "x@xn--mnchen-3ya.de"),
    ],
)
def test_same_person_in_other_mails(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)


def test_different_people_stay_different() -> None:
    assert email_key("a.b@example.org") != email_key("ab@example.org")


@pytest.mark.parametrize("text", ["a@b.de", "o'neil+x@sub.example.org", "jörg@müller.de"])
def test_address_is_recognised(text: str) -> None:
    assert looks_like_address(text)


@pytest.mark.parametrize(
    "text", ["", "a", "a@b", "a b@c.de", "a@b.de,c@d.de", "<a@b.de>", "a@b.de\n", "a\0@b.de"]
)
def test_other_text_is_no_address(text: str) -> None:
    assert not looks_like_address(text)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Gemeinsam aus der Krise: Raum für Zukunft", "gemeinsam-aus-der-krise-raum-fuer-zukunft"),
        ("  Größe – ÄÖÜ!  ", "groesse-aeoeue"),
        ("Café № 5", "cafe-no-5"),
        ("日本", "event"),
    ],
)
def test_slug_is_made_of_a_title(title: str, slug: str) -> None:
    assert slug_of(title) == slug
    assert is_slug(slug)

"""Links inside texts: what is refused, what is left alone."""

import pytest

from ikone_events.domain.typed_links import links_in, text_link_complaints

INSIDE = "own network"
NOWHERE = "leads nowhere"


def complaints(text: str, *, kept: str = "") -> list[str]:
    found = text_link_complaints(text, ("wiki.intranet",), "text", links_in(kept))
    assert {complaint.about for complaint in found} <= {"text"}
    return [str(complaint) for complaint in found]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ohne Link: nur Text (siehe [1]).",
        '[Karte](https://karte.example.org/?q=a_b "Karte"), <https://x.example.org>',
        "[Mail](mailto:post@example.org), [Anruf](tel:+496313650)",
        "Raum unter **https://meet.example.org/raum**, https://example.org. Und (http://a.example)",
        "[Wiki](http://wiki.intranet:8080/seite), siehe https://wiki.intranet.",
        "[a]: https://example.org/a\n\nSiehe [a].",
        "Beginnt mit https://… oder https://",
        "5 < 7 und a <b> c, [Teilnehmen]({{zugangslink}})",
        "https://example.org/wiki/Raum_(Gebäude)",
    ],
)
def test_texts_without_a_wrong_link_are_taken(text: str) -> None:
    assert complaints(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[Raum](https://10.0.0.5/raum)", INSIDE),
        ("[Raum]( <http://localhost> )", INSIDE),
        ("Raum: http://intranet/raum.", INSIDE),
        ("HTTPS://DRUCKER.LOCAL/", INSIDE),
        ("<https://[::1]:8443/x>", INSIDE),
        ("[a]: https://2130706433/", NOWHERE),
        ("[a](https:&#47;/10.0.0.5)", INSIDE),
        ("[a](https\\://10.0.0.5)", INSIDE),
        ("https://anna:geheim@example.org/", "user name"),
        ("[a](https://bank.example@x.example)", "user name"),
        ("[a](javascript:alert(1))", NOWHERE),
        ("[a](data:text/html,x)", NOWHERE),
        ("[a](file:///etc/passwd)", NOWHERE),
        ("[a](www.example.org)", NOWHERE),
        ("[a](//x.example.org/)", NOWHERE),
        ("[a](/events/a)", NOWHERE),
        ("<javascript:alert(1)>", NOWHERE),
    ],
)
def test_wrong_link_is_named_once(text: str, words: str) -> None:
    (found,) = complaints(text)
    assert words in found


def test_several_links_of_one_host_are_one_complaint() -> None:
    assert len(complaints("https://10.0.0.5/a, [b](https://10.0.0.5/b) und [c](https://c)")) == 2


def test_links_that_stood_there_before_are_left_alone() -> None:
    old = "[Raum](https://10.0.0.5/raum) und [a](www.example.org)"
    assert complaints(f"Neu: {old}", kept=old) == []
    assert len(complaints(f"{old}, https://10.0.0.6/", kept=old)) == 1

"""Names for providers are cut between characters that are seen as one."""

from ikone_events.domain.rooms.providers import display_name

FAMILY, RAINBOW, WAVE, FLAG = "👩‍👩‍👧‍👦", "🏳️‍🌈", "👋🏽", "🇩🇪"


def test_name_is_cut_between_whole_characters() -> None:
    cases = {
        "Anna Muster": "Anna Muster",
        "A" * 65: "A" * 63 + "…",
        "A" * 60 + FAMILY: "A" * 60 + "…",
        "A" * 61 + RAINBOW: "A" * 61 + "…",
        "A" * 62 + WAVE + "x": "A" * 62 + "…",
        "A" * 62 + FLAG + "x": "A" * 62 + "…",
        "A" * 60 + FLAG + FLAG + "x": "A" * 60 + FLAG + "…",
        "A" * 62 + "e\u0301" + "x": "A" * 62 + "…",
    }
    assert {text: display_name(text) for text in cases} == cases


def test_name_is_one_line_without_controls() -> None:
    assert display_name(" Anna\r\n\tMuster\x00\u202e ") == "Anna Muster"
    assert display_name("\x00\n", otherwise="Gast") == "Gast"


def test_name_of_200_emoji_fits() -> None:
    assert len(display_name(FAMILY * 200)) <= 64
    assert display_name(FAMILY * 200).removesuffix("…") == FAMILY * 9

"""Logos: whole pictures of a reasonable size, and nothing else."""

import pytest

from ikone_events.domain.logos import MOST_PIXELS, check_logo
from ikone_events.domain.refusals import UploadRefused
from tests.logos import HTML, SVG, jpeg, png, webp

KINDS = {"image/png": png, "image/jpeg": jpeg, "image/webp": webp}


def test_pictures_are_recognised_by_their_content() -> None:
    found = {check_logo(make(300, 90)) for make in KINDS.values()}
    assert {(one.content_type, one.width, one.height) for one in found} == {
        (name, 300, 90) for name in KINDS
    }


@pytest.mark.parametrize("content", [HTML, SVG, b"GIF89a", b"RIFF....WAVE", b"%PDF-1.7", b" "])
def test_other_files_are_no_picture(content: bytes) -> None:
    with pytest.raises(UploadRefused, match="This is not a picture"):
        check_logo(content)


@pytest.mark.parametrize("make", KINDS.values())
def test_cut_or_damaged_picture_is_refused_at_any_place(make: object) -> None:
    whole = make()  # type: ignore[operator]
    for end in range(12, len(whole)):
        with pytest.raises(UploadRefused, match="damaged or incomplete"):
            check_logo(whole[:end])


def test_picture_with_a_page_behind_it_is_refused() -> None:
    for make in (png, jpeg, webp):
        with pytest.raises(UploadRefused, match="damaged or incomplete"):
            check_logo(make() + HTML)


@pytest.mark.parametrize("make", KINDS.values())
@pytest.mark.parametrize("size", [(MOST_PIXELS + 1, 10), (10, MOST_PIXELS + 1)])
def test_huge_picture_is_refused_without_decoding_it(make: object, size: tuple[int, int]) -> None:
    with pytest.raises(UploadRefused, match="pixels"):
        check_logo(make(*size))  # type: ignore[operator]


def test_picture_of_20000_pixels_is_refused() -> None:
    with pytest.raises(UploadRefused, match="20000 × 20000 pixels"):
        check_logo(png(20_000, 20_000))


def test_empty_and_large_files_are_refused() -> None:
    with pytest.raises(UploadRefused, match="empty"):
        check_logo(b"")
    with pytest.raises(UploadRefused, match="larger than 1 MB"):
        check_logo(png() + b"\0" * 1024 * 1024)

import io
import zipfile

import pytest

from ikone_events.domain.followup.uploads import check_upload, display_name
from ikone_events.domain.refusals import UploadRefused


def archive(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, text in members.items():
            packed.writestr(name, text)
    return stream.getvalue()


def damaged(content: bytes) -> bytes:
    """The same archive with a member that can't be unpacked."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        text = packed.read("mimetype")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", text * 3)
    start = stream.getvalue().index(b"mimetype") + len("mimetype")
    return stream.getvalue()[:start] + b"\xff" * 6 + stream.getvalue()[start + 6 :]


PPTX = archive(**{"[Content_Types].xml": "<x/>", "ppt/presentation.xml": "<x/>"})
ODP = archive(mimetype="application/vnd.oasis.opendocument.presentation")


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("Folien.PDF", b"%PDF-1.7 ...", "application/pdf"),
        ("bild.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("folien.odp", ODP, "application/vnd.oasis.opendocument.presentation"),
        (
            "folien.pptx",
            PPTX,
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
    ],
)
def test_slides_are_accepted(name: str, content: bytes, content_type: str) -> None:
    assert check_upload(name, content).content_type == content_type


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("seite.html", b"<script>"),
        ("bild.svg", b"<svg/>"),
        ("makro.pptm", PPTX),
        ("folien", b"%PDF-"),
        ("folien.pdf", b""),
        ("folien.pdf", b"<html>"),
        ("folien.pdf.html", b"%PDF-"),
        ("folien.pptx", ODP),
        ("folien.docx", PPTX),
        ("folien.odp", archive(mimetype="text/html")),
        ("folien.odp", archive(mimetype="x" * 10_000)),
        ("folien.pptx", b"PK\x03\x04 broken"),
        ("bild.png", b"\xff\xd8\xff"),
        ("folien.odp", damaged(ODP)),
    ],
)
def test_anything_else_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(UploadRefused):
        check_upload(name, content)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/folien.pdf", "folien.pdf"),
        ("C:\\Daten\\Folien Größe.PDF", "Folien Größe.pdf"),
        ('a"b\r\nX: y.pdf', "abX y.pdf"),
        ("x" * 300 + ".pdf", "x" * 120 + ".pdf"),
    ],
)
def test_display_name_is_a_bare_harmless_name(given: str, shown: str) -> None:
    assert display_name(given) == shown

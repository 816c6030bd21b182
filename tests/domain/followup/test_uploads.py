import io
import random
import struct
import zipfile

import pytest

from ikone_events.domain.followup import uploads
from ikone_events.domain.followup.uploads import FileKind, display_name
from ikone_events.domain.refusals import UploadRefused


def check_upload(name: str, content: bytes) -> FileKind:
    """The kind of a file with this content."""
    return uploads.check_upload(name, io.BytesIO(content), len(content))


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
TYPES = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
MACRO_TYPE = "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"
ODP_TYPE = "application/vnd.oasis.opendocument.presentation"
ODP = archive(mimetype=ODP_TYPE)


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


def pptx(types: str | bytes = TYPES, **more: str) -> bytes:
    """Slides with a list of types, and with further parts."""
    members = {"[Content_Types].xml": types, "ppt/presentation.xml": "<x/>", **more}
    return archive(**members)  # type: ignore[arg-type]


def with_macro(main: str, macro: str) -> bytes:
    """A document with two parts."""
    return archive(**{"[Content_Types].xml": "", main: "", macro: ""})


def bomb(name: str) -> bytes:
    """A container whose member unpacks to a hundred times its size."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("ppt/presentation.xml", "<x/>")
        packed.writestr(name, b" " * 30_000_000)
    return stream.getvalue()


WITH_MACROS = [
    ("folien.pptx", pptx(**{"ppt/vbaProject.bin": "x"})),
    ("folien.pptx", pptx(**{"ppt\\VBAPROJECT.BIN": "x"})),
    ("folien.pptx", pptx(**{"ppt/embeddings/Mappe1.xlsm": "x"})),
    ("folien.pptx", pptx(MACRO_TYPE)),
    ("folien.pptx", pptx(MACRO_TYPE.replace("E", "&#69;"))),
    ("folien.pptx", pptx(MACRO_TYPE.encode("utf-16"))),
    ("folien.pptx", pptx('<Override ContentType="application/vnd.ms-office.vbaProject"/>')),
    ("folien.pptx", pptx('<!DOCTYPE x [<!ENTITY a "macro">]><x>&a;Enabled</x>')),
    ("text.docx", with_macro("word/document.xml", "word/vbaProject.bin")),
    ("liste.xlsx", with_macro("xl/workbook.xml", "xl/vbaProject.bin")),
    ("liste.xlsx", archive(**{"[Content_Types].xml": "macrosheet+xml", "xl/workbook.xml": ""})),
    ("folien.odp", archive(mimetype=ODP_TYPE, **{"Basic/script-lc.xml": ""})),
    ("folien.odp", archive(mimetype=ODP_TYPE, **{"Scripts/python/a.py": ""})),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content"), WITH_MACROS)
def test_macros_are_refused_under_every_extension(name: str, content: bytes) -> None:
    with pytest.raises(UploadRefused, match="contains macros"):
        check_upload(name, content)


def test_slides_with_usual_parts_are_accepted() -> None:
    more = {"ppt/embeddings/Microsoft_Excel_Sheet1.xlsx": "PK", "ppt/media/bild.png": "x"}
    assert check_upload("a.pptx", pptx(f'<?xml version="1.0"?><!-- x --><x a="{TYPES}"/>', **more))


def test_archives_are_looked_into_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a member nor the directory is read if it is too large."""
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as packed:
        packed.writestr("ppt/presentation.xml", "<x/>")
        packed.writestr("[Content_Types].xml", MACRO_TYPE)
        packed.writestr("[CONTENT_TYPES].xml", TYPES)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("unpacked"))
    crowded = PPTX + b"PK\x01\x02" * 100_000
    for content in (bomb("[Content_Types].xml"), twice.getvalue(), crowded):
        with pytest.raises(UploadRefused, match="not what its name"):
            check_upload("folien.pptx", content)
    assert "zip" not in check_upload("a.pdf", b"%PDF-" + crowded).content_type


def zipped(
    *members: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """An archive for download."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return stream.getvalue()


def locked(content: bytes) -> bytes:
    """The same archive, whose directory says that its first file has a password."""
    at = content.index(b"PK\x01\x02") + 8
    return content[:at] + b"\x01\x00" + content[at + 2 :]


def link(name: str) -> zipfile.ZipInfo:
    """A member that unpacks to a symbolic link."""
    member = zipfile.ZipInfo(name)
    member.create_system, member.external_attr = 3, 0o120777 << 16
    return member


def far_away(content: bytes) -> bytes:
    """The same archive, whose directory says that its file begins behind 2 ** 63 bytes."""
    at, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    entry, extra = bytearray(content[at:end]), struct.pack("<HHQ", 1, 8, 1 << 63)
    entry[30:32], entry[42:46] = len(extra).to_bytes(2, "little"), b"\xff" * 4
    tail = bytearray(content[end:])
    tail[12:16] = (len(entry) + len(extra)).to_bytes(4, "little")
    return content[:at] + bytes(entry) + extra + bytes(tail)


def padded(number: int) -> list[tuple[str, bytes]]:
    """Slides that shrink once more, with 20 MB each."""
    slides = pptx(pad="0" * 20_000_000)
    return [(f"{each}.pptx", slides) for each in range(number)]


GOOD = ("Folien/Vortrag.pdf", b"%PDF-1.7")


def test_archive_of_accepted_files_is_accepted() -> None:
    content = zipped(
        GOOD, ("liesmich.txt", "Größe".encode()), ("Bild.PNG", b"\x89PNG\r\n\x1a\n"),
        ("Folien/a.pptx", PPTX), ("__MACOSX/._a.pdf", b"x"), ("Folien/.DS_Store", b"x"),
        ("Leer/", b""),
    )  # fmt: skip
    assert check_upload("alles.zip", content).content_type == "application/zip"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(GOOD, ("../oben.pdf", b"%PDF-")), "oben.pdf"),
        (zipped(GOOD, ("/etc/a.pdf", b"%PDF-")), "etc/a.pdf"),
        (zipped(GOOD, ("C:/a.pdf", b"%PDF-")), "C:/a.pdf"),
        (zipped(GOOD, ("a\\..\\..\\b.pdf", b"%PDF-")), "b.pdf"),
        (zipped(GOOD, ("__MACOSX/../../oben.pdf", b"%PDF-")), "oben.pdf"),
        (zipped(GOOD, ("../../oben/", b"")), "oben"),
        (zipped(GOOD, (link("verweis.txt"), b"/etc")), "verweis.txt"),
        (zipped(GOOD, compression=zipfile.ZIP_LZMA), "Vortrag.pdf"),
        (zipped(GOOD, compression=zipfile.ZIP_BZIP2), "Vortrag.pdf"),
        (far_away(zipped(GOOD)), "not what its name"),
        (zipped(GOOD, ("seite.html", b"<html>")), "seite.html"),
        (zipped(GOOD, ("falsch.pdf", b"<html>")), "falsch.pdf"),
        (zipped(GOOD, ("programm.exe", b"MZ")), "programm.exe"),
        (zipped(GOOD, ("innen.zip", zipped(GOOD))), "innen.zip"),
        (zipped(GOOD, ("text.txt", b"MZ\0\0")), "text.txt"),
        (zipped(GOOD, ("a.pptx", pptx(**{"ppt/vbaProject.bin": "x"}))), "a.pptx"),
        (zipped(GOOD, ("folien/vortrag.PDF", b"%PDF-")), "vortrag.PDF"),
        (locked(zipped(GOOD)), "Vortrag.pdf"),
        (zipped(), "not what its name"),
        (zipped(("Leer/", b"")), "empty"),
        (b"PK\x03\x04" + b"x" * 1000, "not what its name"),
    ],
)  # fmt: skip
def test_archive_with_anything_else_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(UploadRefused, match=words):
        check_upload("alles.zip", content)


def test_archive_that_unpacks_to_far_too_much_is_refused() -> None:
    for content in (zipped(GOOD, *padded(6)), zipped(("a.txt", b"0" * 110_000_000))):
        with pytest.raises(UploadRefused, match="far too large"):
            check_upload("alles.zip", content)


def test_members_that_lie_upon_one_another_are_refused() -> None:
    """A thousand entries of the directory name the same bytes."""
    content = zipped(("a.txt", random.randbytes(50_000)), compression=zipfile.ZIP_STORED)
    at, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    entry, names = content[at:end], b""
    for number in range(1000):
        name = f"{number:05}".encode()
        names += entry[:46] + name + entry[46 + len(name) :]
    tail = bytearray(content[end:])
    tail[8:12] = (1000).to_bytes(2, "little") * 2
    tail[12:16] = len(names).to_bytes(4, "little")
    with pytest.raises(UploadRefused, match="far too large"):
        check_upload("a.zip", content[:at] + names + bytes(tail))


def test_directory_is_not_read_when_it_is_huge() -> None:
    """Entries with long comments stay below the count, and take memory all the same."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for number in range(200):
            member = zipfile.ZipInfo(f"{number}.txt")
            member.comment = b"x" * 60_000
            packed.writestr(member, b"x")
    with pytest.raises(UploadRefused, match="not what its name"):
        check_upload("a.zip", stream.getvalue())


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

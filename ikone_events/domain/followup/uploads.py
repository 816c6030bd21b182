"""Checks of uploaded files: extension and content must both be on the list."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

from ikone_events.domain.followup.archives import (
    BROKEN,
    ODF_TYPE,
    check_office_file,
    check_office_members,
    files_in,
    open_archive,
    refused_member,
)
from ikone_events.domain.header_text import normal_line
from ikone_events.domain.refusals import N_, Complaint, UploadRefused


@dataclass(frozen=True, slots=True)
class FileKind:
    """An accepted kind of file: its first bytes, and a required member of a container."""

    content_type: str
    magic: bytes
    member: str = ""


_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
_ZIP = b"PK\x03\x04"
_ARCHIVE = ".zip"
_LONGEST_MAGIC = 8
# No byte of a text is zero; read so much of it.
_PLAIN_TEXTS = (".txt", ".csv", ".md")
_TEXT_PORTION = 64 * 1024

# No HTML, no SVG, nothing with macros: slides, texts, tables, pictures, and archives of these.
KINDS: dict[str, FileKind] = {
    ".pdf": FileKind("application/pdf", b"%PDF-"),
    ".pptx": FileKind(_OOXML + "presentationml.presentation", _ZIP, "ppt/presentation.xml"),
    ".docx": FileKind(_OOXML + "wordprocessingml.document", _ZIP, "word/document.xml"),
    ".xlsx": FileKind(_OOXML + "spreadsheetml.sheet", _ZIP, "xl/workbook.xml"),
    ".odp": FileKind(_ODF + "presentation", _ZIP, ODF_TYPE),
    ".odt": FileKind(_ODF + "text", _ZIP, ODF_TYPE),
    ".ods": FileKind(_ODF + "spreadsheet", _ZIP, ODF_TYPE),
    ".png": FileKind("image/png", b"\x89PNG\r\n\x1a\n"),
    ".jpg": FileKind("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": FileKind("image/jpeg", b"\xff\xd8\xff"),
    _ARCHIVE: FileKind("application/zip", _ZIP),
}


def check_upload(file_name: str, file: IO[bytes], size: int) -> FileKind:
    """The kind of an acceptable file of this many bytes; raises UploadRefused for any other.

    Reads in portions, so that memory does not grow with the file.
    """
    suffix = PurePath(file_name).suffix.lower()
    kind = KINDS.get(suffix)
    if kind is None:
        allowed = ", ".join(sorted(extension[1:].upper() for extension in KINDS))
        text = N_("This kind of file is not accepted. Accepted are: %(allowed)s.")
        raise UploadRefused(Complaint(text, {"allowed": allowed}, "file"))
    if not size:
        raise UploadRefused(Complaint(N_("The file is empty."), {}, "file"))
    file.seek(0)
    if not file.read(_LONGEST_MAGIC).startswith(kind.magic):
        raise _another_kind(suffix)
    if kind.magic == _ZIP:
        _look_into(suffix, kind, file, size)
    return kind


def _look_into(suffix: str, kind: FileKind, file: IO[bytes], size: int) -> None:
    """Look into an office file or an archive. Raises UploadRefused."""
    try:
        with open_archive(file, size) as archive:
            if kind.member:
                fits = check_office_file(archive, kind.member, kind.content_type)
            else:
                fits = True
                inner = (m.file_size for m in archive.infolist() if _is_office(m.filename))
                check_office_members(inner, size)
                for name, member, length in files_in(archive):
                    _check_member(name, member, length)
    except BROKEN as fault:
        raise _another_kind(suffix) from fault
    if not fits:
        raise _another_kind(suffix)


def _is_office(name: str) -> bool:
    kind = KINDS.get(PurePath(name).suffix.lower())
    return kind is not None and bool(kind.member)


def _check_member(name: str, file: IO[bytes], size: int) -> None:
    """One file of an archive, as strictly as outside of one. Raises UploadRefused."""
    suffix = PurePath(name).suffix.lower()
    if suffix in _PLAIN_TEXTS:
        if b"\0" in file.read(_TEXT_PORTION):
            raise refused_member(name)
        return
    if suffix == _ARCHIVE:
        raise refused_member(name)
    try:
        check_upload(name, file, size)
    except UploadRefused as refusal:
        raise refused_member(name) from refusal


def _another_kind(suffix: str) -> UploadRefused:
    text = N_("The content of the file is not what its name “%(suffix)s” says.")
    return UploadRefused(Complaint(text, {"suffix": suffix}, "file"))


def display_name(file_name: str) -> str:
    """The bare name of an uploaded file for a download header, without path and controls."""
    bare = PurePath(normal_line(file_name).replace("\\", "/")).name
    kept = "".join(c for c in bare if c.isprintable() and c not in '"<>:|?*')
    stem, suffix = PurePath(kept).stem, PurePath(kept).suffix.lower()
    return f"{stem[:120] or 'datei'}{suffix}"

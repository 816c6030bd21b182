"""Checks of uploaded files: extension and content must both be on the list."""

import io
import zipfile
import zlib
from dataclasses import dataclass
from html import unescape
from pathlib import PurePath

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
_ODF_TYPE = "mimetype"
_OOXML_TYPES = "[Content_Types].xml"
_ZIP = b"PK\x03\x04"
_DIRECTORY_ENTRY = b"PK\x01\x02"
# Slides have a few hundred parts. Reading the directory of a million takes a gigabyte.
_MOST_MEMBERS = 20_000
_LONGEST_MEMBER = 2 * 1024 * 1024
_MACRO_PARTS = (
    *("vbaproject.bin", "vbadata.xml"),
    *(".pptm", ".potm", ".ppsm", ".ppam", ".docm", ".dotm", ".xlsm", ".xltm", ".xlam", ".xlsb"),
)
_MACRO_TYPES = ("macroenabled", "vbaproject", "macrosheet")
_ODF_SCRIPTS = ("basic/", "scripts/", "dialogs/")
_BROKEN = (zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError)

# No HTML, no SVG, nothing with macros: slides, texts, tables and pictures.
KINDS: dict[str, FileKind] = {
    ".pdf": FileKind("application/pdf", b"%PDF-"),
    ".pptx": FileKind(_OOXML + "presentationml.presentation", _ZIP, "ppt/presentation.xml"),
    ".docx": FileKind(_OOXML + "wordprocessingml.document", _ZIP, "word/document.xml"),
    ".xlsx": FileKind(_OOXML + "spreadsheetml.sheet", _ZIP, "xl/workbook.xml"),
    ".odp": FileKind(_ODF + "presentation", _ZIP, _ODF_TYPE),
    ".odt": FileKind(_ODF + "text", _ZIP, _ODF_TYPE),
    ".ods": FileKind(_ODF + "spreadsheet", _ZIP, _ODF_TYPE),
    ".png": FileKind("image/png", b"\x89PNG\r\n\x1a\n"),
    ".jpg": FileKind("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": FileKind("image/jpeg", b"\xff\xd8\xff"),
}


def check_upload(file_name: str, content: bytes) -> FileKind:
    """The kind of an acceptable file; raises UploadRefused for any other."""
    suffix = PurePath(file_name).suffix.lower()
    kind = KINDS.get(suffix)
    if kind is None:
        allowed = ", ".join(sorted(extension[1:].upper() for extension in KINDS))
        text = N_("This kind of file is not accepted. Accepted are: %(allowed)s.")
        raise UploadRefused(Complaint(text, {"allowed": allowed}, "file"))
    if not content:
        raise UploadRefused(Complaint(N_("The file is empty."), {}, "file"))
    if not content.startswith(kind.magic):
        raise _another_kind(suffix)
    if kind.member:
        _check_container(suffix, kind, content)
    return kind


def _check_container(suffix: str, kind: FileKind, content: bytes) -> None:
    """Look into an archive without unpacking it. Raises UploadRefused."""
    if content.count(_DIRECTORY_ENTRY) > _MOST_MEMBERS:
        raise _another_kind(suffix)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name.replace("\\", "/").lower() for name in archive.namelist()]
            if not _is_of_kind(archive, kind, names):
                raise _another_kind(suffix)
            if _has_macros(archive, kind, names):
                text = N_("The file contains macros. Please save it without macros, or as a PDF.")
                raise UploadRefused(Complaint(text, {}, "file"))
    except (*_BROKEN, RuntimeError, ValueError) as fault:
        raise _another_kind(suffix) from fault


def _is_of_kind(archive: zipfile.ZipFile, kind: FileKind, names: list[str]) -> bool:
    # Programs disagree on which of two members of one name counts; both standards forbid it.
    if kind.member not in names or len(set(names)) < len(names):
        return False
    return kind.member != _ODF_TYPE or _text_of(archive, _ODF_TYPE).strip() == kind.content_type


def _has_macros(archive: zipfile.ZipFile, kind: FileKind, names: list[str]) -> bool:
    """Whether there is a VBA project, a macro sheet or a script, under whatever extension."""
    if kind.member == _ODF_TYPE:
        return any(name.startswith(_ODF_SCRIPTS) for name in names)
    # A part has the type that this list states, whatever its name (ISO/IEC 29500-2, 7.2.3).
    types = unescape(_text_of(archive, _OOXML_TYPES)).lower()
    return (
        any(name.endswith(_MACRO_PARTS) for name in names)
        or any(word in types for word in _MACRO_TYPES)
        or "<!" in types.replace("<!--", "")  # declared entities can spell any word
    )


def _text_of(archive: zipfile.ZipFile, name: str) -> str:
    """A small member in any encoding as text. Raises ValueError if it unpacks too large."""
    member = archive.getinfo(name)
    if member.file_size > _LONGEST_MEMBER:
        raise ValueError(name)
    return archive.read(member).replace(b"\0", b"").decode("latin-1")


def _another_kind(suffix: str) -> UploadRefused:
    text = N_("The content of the file is not what its name “%(suffix)s” says.")
    return UploadRefused(Complaint(text, {"suffix": suffix}, "file"))


def display_name(file_name: str) -> str:
    """The bare name of an uploaded file for a download header, without path and controls."""
    bare = PurePath(normal_line(file_name).replace("\\", "/")).name
    kept = "".join(c for c in bare if c.isprintable() and c not in '"<>:|?*')
    stem, suffix = PurePath(kept).stem, PurePath(kept).suffix.lower()
    return f"{stem[:120] or 'datei'}{suffix}"

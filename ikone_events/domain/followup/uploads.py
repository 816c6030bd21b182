"""Checks of uploaded files: extension and content must both be on the list."""

import io
import zipfile
import zlib
from dataclasses import dataclass
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
_LONGEST_MIMETYPE = 200
_ZIP = b"PK\x03\x04"

# No HTML, no SVG, nothing with macros: slides, texts, tables and pictures.
KINDS: dict[str, FileKind] = {
    ".pdf": FileKind("application/pdf", b"%PDF-"),
    ".pptx": FileKind(_OOXML + "presentationml.presentation", _ZIP, "ppt/presentation.xml"),
    ".docx": FileKind(_OOXML + "wordprocessingml.document", _ZIP, "word/document.xml"),
    ".xlsx": FileKind(_OOXML + "spreadsheetml.sheet", _ZIP, "xl/workbook.xml"),
    ".odp": FileKind(_ODF + "presentation", _ZIP, "mimetype"),
    ".odt": FileKind(_ODF + "text", _ZIP, "mimetype"),
    ".ods": FileKind(_ODF + "spreadsheet", _ZIP, "mimetype"),
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
    if not content.startswith(kind.magic) or not _contains(kind, content):
        text = N_("The content of the file is not what its name “%(suffix)s” says.")
        raise UploadRefused(Complaint(text, {"suffix": suffix}, "file"))
    return kind


def _contains(kind: FileKind, content: bytes) -> bool:
    """Whether a container has the required member; it is not unpacked."""
    if not kind.member:
        return True
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if kind.member != "mimetype":
                return kind.member in archive.namelist()
            declared = archive.getinfo("mimetype")
            if declared.file_size > _LONGEST_MIMETYPE:
                return False
            return archive.read(declared).decode("ascii", "replace").strip() == kind.content_type
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError, RuntimeError, ValueError):
        return False


def display_name(file_name: str) -> str:
    """The bare name of an uploaded file for a download header, without path and controls."""
    bare = PurePath(normal_line(file_name).replace("\\", "/")).name
    kept = "".join(c for c in bare if c.isprintable() and c not in '"<>:|?*')
    stem, suffix = PurePath(kept).stem, PurePath(kept).suffix.lower()
    return f"{stem[:120] or 'datei'}{suffix}"

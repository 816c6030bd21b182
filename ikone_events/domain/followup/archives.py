"""Checks of archives: office files, and ZIP files for download. Nothing is unpacked to disk.

Memory is bounded: the directory is counted in portions before it is read.
"""

import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import PurePosixPath
from typing import IO, Any

from ikone_events.domain.header_text import normal_line
from ikone_events.domain.refusals import N_, Complaint, UploadRefused

BROKEN = (
    *(zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError, RuntimeError, ValueError),
    *(NotImplementedError, OverflowError),
)
ODF_TYPE = "mimetype"
_OOXML_TYPES = "[Content_Types].xml"
_DIRECTORY_ENTRY = b"PK\x01\x02"
# Slides have a few hundred parts. Reading the directory of a million takes a gigabyte.
_MOST_MEMBERS = 20_000
_LARGEST_DIRECTORY = 4 * 1024 * 1024
_LONGEST_MEMBER = 2 * 1024 * 1024
# What all members may unpack to: slides with films hardly shrink, bombs shrink a thousandfold.
_MOST_UNPACKED = 2 * 1024 * 1024 * 1024
_MOST_SHRUNK = 100
_ALWAYS_FINE = 100 * 1024 * 1024
# An office file in an archive is compressed itself, and unpacked several times to look into it.
_MOST_SHRUNK_AGAIN = 4
# Others ask for memory by what the file says: LZMA takes up to four gigabytes.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PORTION = 1024 * 1024
_MACRO_PARTS = (
    *("vbaproject.bin", "vbadata.xml"),
    *(".pptm", ".potm", ".ppsm", ".ppam", ".docm", ".dotm", ".xlsm", ".xltm", ".xlam", ".xlsb"),
)
_MACRO_TYPES = ("macroenabled", "vbaproject", "macrosheet")
_ODF_SCRIPTS = ("basic/", "scripts/", "dialogs/")
# What macOS and Windows add to folders by themselves.
_BY_THE_WAY = ("__macosx/", ".ds_store", "thumbs.db")


class _InPortions:
    """A file whose longest read is bounded: zipfile reads a directory by one read of its length."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Read. Raises ValueError for more than a directory may have."""
        wanted = _LARGEST_DIRECTORY + 1 if size < 0 else size
        if size > _LARGEST_DIRECTORY:
            raise ValueError(size)
        found = self._file.read(wanted)
        if len(found) > _LARGEST_DIRECTORY:
            raise ValueError(size)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def open_archive(file: IO[bytes], size: int) -> zipfile.ZipFile:
    """The archive in a file of this many bytes. Raises one of BROKEN, and UploadRefused for bombs.

    Sizes are those of the directory, which every program goes by.
    """
    if _count(file, _DIRECTORY_ENTRY) > _MOST_MEMBERS:
        raise zipfile.BadZipFile
    archive = zipfile.ZipFile(_InPortions(file))
    members = archive.infolist()
    for member in members:
        if member.compress_type not in _METHODS:
            raise refused_member(member.filename)
    unpacked = sum(member.file_size for member in members)
    # Members that lie upon one another make a small file unpack to petabytes.
    overlapping = sum(member.compress_size for member in members) > size
    shrunk = unpacked > max(size * _MOST_SHRUNK, _ALWAYS_FINE)
    if overlapping or shrunk or unpacked > _MOST_UNPACKED:
        raise _bomb()
    return archive


def check_office_file(archive: zipfile.ZipFile, member: str, content_type: str) -> bool:
    """Whether this is an office file of that type. Raises UploadRefused if it has macros."""
    names = [name.replace("\\", "/").lower() for name in archive.namelist()]
    # Programs disagree on which of two members of one name counts; both standards forbid it.
    if member not in names or len(set(names)) < len(names):
        return False
    if member == ODF_TYPE and _text_of(archive, ODF_TYPE).strip() != content_type:
        return False
    if _has_macros(archive, member, names):
        text = N_("The file contains macros. Please save it without macros, or as a PDF.")
        raise UploadRefused(Complaint(text, {}, "file"))
    return True


def files_in(archive: zipfile.ZipFile) -> Iterator[tuple[str, IO[bytes], int]]:
    """Name, content and size of each file of an archive, one at a time.

    Raises UploadRefused for names that leave the folder and for files that can't be looked into.
    """
    names = set()
    for member in archive.infolist():
        name = member.filename.replace("\\", "/")
        _check_name(member, name)
        if member.is_dir() or name.lower().rpartition("/")[2] in _BY_THE_WAY:
            continue
        if name.lower().startswith(_BY_THE_WAY[0]):
            continue
        if name.lower() in names or member.flag_bits & 1:
            raise refused_member(name)
        names.add(name.lower())
        with archive.open(member) as file:
            yield name, file, member.file_size
    if not names:
        raise UploadRefused(Complaint(N_("The file is empty."), {}, "file"))


def check_office_members(sizes: Iterable[int], size: int) -> None:
    """Raise UploadRefused if office files of these sizes take too long to look into.

    `size` is that of the archive that they are in.
    """
    if sum(sizes) > max(size * _MOST_SHRUNK_AGAIN, _ALWAYS_FINE):
        raise _bomb()


def refused_member(name: str) -> UploadRefused:
    """The refusal of an archive for one of its files."""
    text = N_(
        "The archive contains “%(name)s”, which is not accepted. Accepted are the same kinds of"
        " files as outside of archives, and plain texts; no archives, and no passwords."
    )
    shown = "".join(c for c in normal_line(name) if c.isprintable())[:120]
    return UploadRefused(Complaint(text, {"name": shown}, "file"))


def _check_name(member: zipfile.ZipInfo, name: str) -> None:
    stored, parts = member.orig_filename, PurePosixPath(name).parts
    leaves = name.startswith("/") or ".." in parts or ":" in name or "\0" in stored
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    if leaves or is_link or "\\" in stored:
        raise refused_member(name)


def _has_macros(archive: zipfile.ZipFile, member: str, names: list[str]) -> bool:
    """Whether there is a VBA project, a macro sheet or a script, under whatever extension."""
    if member == ODF_TYPE:
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


def _count(file: IO[bytes], wanted: bytes) -> int:
    """How often some bytes are in a file, read in portions."""
    file.seek(0)
    found, rest = 0, b""
    while portion := file.read(_PORTION):
        portion = rest + portion
        found += portion.count(wanted)
        rest = portion[1 - len(wanted) :]
    file.seek(0)
    return found


def _bomb() -> UploadRefused:
    text = N_("The file would become far too large when it is unpacked.")
    return UploadRefused(Complaint(text, {}, "file"))

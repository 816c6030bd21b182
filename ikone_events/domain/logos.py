"""Checks of a logo: by its content, a complete PNG, JPEG or WebP picture of a reasonable size.

Nothing is decoded here. Of each format the headers are read, which browsers trust for the size of
the decoded picture, and the end, which a cut file lacks. SVG is refused: it may hold scripts.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from ikone_events.domain.refusals import N_, Complaint, FileTooLarge, UploadRefused

MOST_MEGABYTES = 1
MOST_PIXELS = 2000  # of each side
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
# Markers of JPEG with the size of the picture: all "start of frame" (ITU-T T.81, table B.1).
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_MARKER, _SCAN = 0xFF, 0xDA
_LOSSLESS = 0x2F

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CheckedLogo:
    """An acceptable picture."""

    content: bytes
    content_type: str
    width: int
    height: int


def check_logo(content: bytes) -> CheckedLogo:
    """The picture in these bytes; raises UploadRefused for anything else."""
    if not content:
        raise _refused(N_("The file is empty."))
    if len(content) > MOST_MEGABYTES * 1024 * 1024:
        raise FileTooLarge(MOST_MEGABYTES)
    content_type = _type_of(content)
    if content_type is None:
        raise _refused(N_("This is not a picture. Please choose a PNG, JPEG or WebP file."))
    try:
        width, height = _SIZES[content_type](content)
    except (ValueError, struct.error, IndexError) as fault:
        raise _refused(
            N_("The picture is damaged or incomplete. Please save it again or upload it once more.")
        ) from fault
    if max(width, height) > MOST_PIXELS or min(width, height) < 1:
        raise _refused(
            N_("The picture has %(width)d × %(height)d pixels. At most %(most)d × %(most)d fit."),
            width=width,
            height=height,
            most=MOST_PIXELS,
        )
    return CheckedLogo(content, content_type, width, height)


def _type_of(content: bytes) -> str | None:
    if content.startswith(_PNG):
        return "image/png"
    if content.startswith(_JPEG):
        return "image/jpeg"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def _size_of_png(content: bytes) -> Size:
    """Walk the chunks and their checksums (PNG, 5.3); the last one is IEND."""
    at, kinds, size = len(_PNG), [b""], (0, 0)
    while kinds[-1] != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, at)
        body = content[at + 4 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", content, at + 8 + length)
        if zlib.crc32(body) != checksum:
            raise ValueError(kind)
        if kind == b"IHDR":
            size = struct.unpack_from(">II", body, 4)
        kinds.append(kind)
        at += 12 + length
    if kinds[1] != b"IHDR" or kinds.count(b"IHDR") != 1 or b"IDAT" not in kinds:
        raise ValueError("chunks")
    if at != len(content):
        raise ValueError("more after the end")
    return size


def _size_of_jpeg(content: bytes) -> Size:
    """Walk the segments up to the first scan; the file ends with EOI (ITU-T T.81, B.1.1)."""
    if not content.rstrip(b"\0").endswith(_JPEG_END):
        raise ValueError("cut")
    at, size = 2, (0, 0)
    while True:
        mark, marker, length = struct.unpack_from(">BBH", content, at)
        if mark != _MARKER:
            raise ValueError("no marker")
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            if size != (0, 0):
                raise ValueError("two frames")
            size = (width, height)
        if marker == _SCAN:
            return size
        at += 2 + length


def _size_of_webp(content: bytes) -> Size:
    """The largest size that a chunk states (RFC 9649); the file is as long as it says."""
    (length,) = struct.unpack_from("<I", content, 4)
    if length + 8 != len(content):
        raise ValueError("cut")
    at, sizes = 12, []
    while at < len(content):
        kind, length = struct.unpack_from("<4sI", content, at)
        body = content[at + 8 : at + 8 + length]
        if len(body) < length:
            raise ValueError("cut")
        if kind in _WEBP:
            sizes.append(_WEBP[kind](body))
        at += 8 + length + length % 2
    if not sizes or not any(content[12:16] == kind for kind in _WEBP):
        raise ValueError("no picture")
    return max(width for width, _ in sizes), max(height for _, height in sizes)


def _lossy(body: bytes) -> Size:
    width, height = struct.unpack_from("<HH", body, 6)
    if body[3:6] != b"\x9d\x01\x2a":
        raise ValueError("VP8")
    return width & 0x3FFF, height & 0x3FFF


def _lossless(body: bytes) -> Size:
    mark, bits = struct.unpack_from("<BI", body)
    if mark != _LOSSLESS:
        raise ValueError("VP8L")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


def _extended(body: bytes) -> Size:
    width, height = (1 + int.from_bytes(body[at:to], "little") for at, to in pairwise((4, 7, 10)))
    return width, height


_WEBP: Mapping[bytes, Callable[[bytes], Size]] = {
    b"VP8 ": _lossy,
    b"VP8L": _lossless,
    b"VP8X": _extended,
}
_SIZES: Mapping[str, Callable[[bytes], Size]] = {
    "image/png": _size_of_png,
    "image/jpeg": _size_of_jpeg,
    "image/webp": _size_of_webp,
}


def _refused(text: str, **values: object) -> UploadRefused:
    return UploadRefused(Complaint(text, values, "file"))

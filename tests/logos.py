"""Small pictures, whole and broken, as bytes."""

import struct
import zlib

HTML = b"<!doctype html><html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def png(width: int = 120, height: int = 40) -> bytes:
    """A picture in one colour; its size is only stated, so that a huge one is small."""
    rows = min(width * height, 10_000) * 3
    body = zlib.compress(b"\0" + bytes((11, 74, 143)) * (rows // 3))
    if width * height <= 10_000:
        body = zlib.compress((b"\0" + bytes((11, 74, 143)) * width) * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (_chunk(b"IHDR", header), _chunk(b"IDAT", body), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def jpeg(width: int = 120, height: int = 40) -> bytes:
    """The segments of a picture, without one."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"
    return (
        b"\xff\xd8"
        + _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
        + _segment(0xC0, frame)
        + _segment(0xDA, b"\1\1\0\0\x3f\0")
        + b"\0\0\xff\xd9"
    )


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def webp(width: int = 120, height: int = 40) -> bytes:
    """The head of a lossless picture, without one."""
    bits = (width - 1) | (height - 1) << 14
    body = struct.pack("<BI", 0x2F, bits) + b"\0"
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk

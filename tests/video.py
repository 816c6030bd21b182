"""Pictures for Chromium's pretended camera: QR codes as a film in YUV4MPEG2, made by hand."""

from collections.abc import Sequence
from pathlib import Path

import segno

WIDTH, HEIGHT = 480, 360
_WHITE, _BLACK, _GREY = 235, 16, 128
_QUIET = 4
# Five pictures a second; each code is shown for two seconds, then nothing for one.
_SHOWN, _NOTHING = 10, 5


def write_film(path: Path, codes: Sequence[str]) -> None:
    """A film that shows these codes one after another; the browser repeats it for ever."""
    blank = bytes([_WHITE]) * (WIDTH * HEIGHT)
    colours = bytes([_GREY]) * (WIDTH * HEIGHT // 2)
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F5:1 Ip A1:1 C420jpeg\n".encode())
        for code in codes:
            for light in [_picture(code)] * _SHOWN + [blank] * _NOTHING:
                film.write(b"FRAME\n" + light + colours)


def _picture(code: str) -> bytes:
    """The brightness of each point, the code in the middle."""
    rows = [bytes(row) for row in segno.make(code, error="m").matrix]
    size = len(rows)
    scale = min(WIDTH, HEIGHT) // (size + 2 * _QUIET)
    left, top = (WIDTH - size * scale) // 2, (HEIGHT - size * scale) // 2
    picture = [bytearray([_WHITE]) * WIDTH for _ in range(HEIGHT)]
    for y in range(size * scale):
        for x in range(size * scale):
            if rows[y // scale][x // scale]:
                picture[top + y][left + x] = _BLACK
    return b"".join(picture)

"""When a letter that was put off is tried again."""

from collections.abc import Sequence
from datetime import timedelta
from zlib import crc32

# Letters that were put off together come back one after another, never before their pause is over.
_SPREAD = 0.2


def pause_after(tries: int, pauses: Sequence[int], *, seed: str) -> timedelta | None:
    """The pause after so many vain tries; None when the last one is over.

    `seed` decides how much longer than asked for it is, up to a fifth: the same for the same seed.
    """
    if tries > len(pauses):
        return None
    share = crc32(seed.encode()) / 2**32
    return timedelta(seconds=round(pauses[max(tries, 1) - 1] * (1 + _SPREAD * share)))

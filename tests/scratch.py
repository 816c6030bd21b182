"""Folders for the files of a run: in memory where the system has room for that, else on disk.

The name tells the process that made a folder, so that the next run can take away what one that
was killed has left.
"""

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - folders of ours are made in it
_PREFIX = "ikone-tests-"
_WANTED = 2 * 2**30


def has_memory() -> bool:
    """Whether there is a file system in memory with room for a whole run."""
    if not (_MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)):
        return False
    if os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC:  # tests start programs that lie there
        return False
    return shutil.disk_usage(_MEMORY).free >= _WANTED


def new_folder() -> Path:
    """A folder whose maker takes it away."""
    memory = has_memory()
    if memory:
        _remove_orphans()
    prefix = f"{_PREFIX}{os.getpid()}-"
    return Path(tempfile.mkdtemp(prefix=prefix, dir=_MEMORY if memory else None))


def _remove_orphans() -> None:
    for left in _MEMORY.glob(f"{_PREFIX}*-*"):
        maker = left.name.removeprefix(_PREFIX).partition("-")[0]
        if left.stat().st_uid == os.geteuid() and not Path("/proc", maker).exists():
            shutil.rmtree(left, ignore_errors=True)

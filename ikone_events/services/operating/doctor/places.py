"""Folders, files, address and time as the doctor sees them."""

import shutil
import stat
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from ikone_events.domain.times import clock, to_local
from ikone_events.services.installation import get_installation
from ikone_events.services.operating.doctor.findings import HERE, Finding, fault, ok, warning
from ikone_events.services.plan.working_days import is_holiday

_MEGABYTE = 1 << 20
_FULL, _NEARLY_FULL = 100 * _MEGABYTE, 1024 * _MEGABYTE


def disk(_now: datetime) -> Iterator[Finding]:
    """Whether there is space left where database and slides grow."""
    data = get_installation().settings.data_dir
    free = shutil.disk_usage(data).free
    words = f"{free // _MEGABYTE} MB are free in {data}"
    if free < _FULL:
        yield fault("disk", words)
    else:
        yield warning("disk", words) if free < _NEARLY_FULL else ok("disk", words)


def files(_now: datetime) -> Iterator[Finding]:
    """Whether files can be stored."""
    installation = get_installation()
    for folder in (installation.settings.data_dir, installation.uploads_dir):
        if not folder.exists():
            continue  # made with the first slides
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            yield fault("files", f"{folder} can't be written to: {error.strerror}")
        else:
            yield ok("files", f"{folder} can be written to")


def secrecy(_now: datetime) -> Iterator[Finding]:
    """Files with secrets and names are for nobody else on this machine."""
    data = get_installation().settings.data_dir
    for path, others in ((Path(".env").resolve(), 0o077), ((data / "ikone.db").resolve(), 0o007)):
        if path.is_file() and _lets_in(path, others) and _lets_in(path.parent, others & 0o011):
            yield warning("files", f"others can read {path}; chmod 600 keeps them out")


def _lets_in(path: Path, others: int) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & others)


def base_address(_now: datetime) -> Iterator[Finding]:
    """Links in mails lead there; passwords travel over it."""
    settings = get_installation().settings
    local = settings.host in HERE
    if not settings.https and not local:
        yield fault("address", f"{settings.base_url} is not https: passwords travel in the clear")
    elif local:
        yield warning("address", f"{settings.base_url} leads nowhere from other machines")
    else:
        yield ok("address", settings.base_url)
    if settings.https and not settings.trusted_proxies:
        words = "IKONE_TRUSTED_PROXIES is 0: behind a proxy all visitors count as one"
        yield warning("address", words)
    if not settings.rate_limits:
        yield warning("address", "IKONE_RATE_LIMITS is off: passwords can be guessed at any speed")


def times(now: datetime) -> Iterator[Finding]:
    """The time that people read, and the days on which nobody works."""
    settings = get_installation().settings
    local = to_local(now, settings.timezone)
    yield ok("time", f"it is {clock(now, zone=settings.timezone)} in {settings.timezone}")
    coming = (local.date() + timedelta(days=n) for n in range(366))
    day = next((day for day in coming if is_holiday(day)), None)
    if day is None:
        yield warning("time", f"no public holiday of {settings.holidays} within a year is known")
    else:
        yield ok("time", f"the next public holiday of {settings.holidays} is {day}")

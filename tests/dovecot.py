"""A real IMAP server for tests: Dovecot from the system, on loopback, with its files in a folder.

It runs as root and as an ordinary user. Any name signs in with the password, so each test has a
mailbox of its own on the one server of its process. Tests carry `@pytest.mark.imap`.
"""

import atexit
import functools
import getpass
import grp
import imaplib
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from pathlib import Path
from urllib.parse import quote

from ikone_events.demo.catcher import free_port
from tests.factories import NOW
from tests.patience import PATIENCE

PASSWORD = "ein_Wort:100%"
_numbers = itertools.count(1)

_CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
auth_username_chars =
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir:LAYOUT=fs
mail_max_userip_connections = 100
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
{more}
"""


@dataclass
class Dovecot:
    """One server; `more` are lines of its configuration. It may be stopped and started again."""

    separator: str = "/"
    prefix: str = ""
    more: str = ""
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ikone-imap-"))
        self.folder.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None
        self._lay()

    @property
    def certificate(self) -> Path:
        """What a client has to trust."""
        return self.folder / "cert.pem"

    def start(self) -> "Dovecot":
        """Start it and wait until it greets."""
        words = [_program(), "-F", "-c", str(self.folder / "dovecot.conf")]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        deadline = time.monotonic() + PATIENCE
        while not _greets(self.port):
            assert self._process.poll() is None, self._words()
            assert time.monotonic() < deadline, self._words()
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        """Stop it; mailboxes stay."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=PATIENCE)
            self._process = None

    def remove(self) -> None:
        """Stop it and take everything away."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def mailbox(self) -> "Postbox":
        """A new mailbox on this server."""
        return Postbox(self, f"eva{next(_numbers)}@example.org")

    def _lay(self) -> None:
        root = os.geteuid() == 0
        owner = pwd.getpwnam("nobody" if root else getpass.getuser())
        mail = self.folder / "mail"
        mail.mkdir()
        if root:
            os.chown(mail, owner.pw_uid, owner.pw_gid)
        _make_certificate(self.folder)
        config = _CONFIG.format(
            folder=self.folder,
            internal="dovecot" if root else owner.pw_name,
            group="dovecot" if root else grp.getgrgid(owner.pw_gid).gr_name,
            login="dovenull" if root else owner.pw_name,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            password=PASSWORD.replace("%", "%%"),
            **{name: getattr(self, name) for name in ("port", "tls_port", "separator", "prefix")},
            more=self.more,
        )
        (self.folder / "dovecot.conf").write_text(config)

    def _words(self) -> str:
        log = self.folder / "dovecot.log"
        said = self._process.stderr.read() if self._process and self._process.stderr else b""
        return (log.read_text() if log.exists() else "no log") + said.decode()


@dataclass(frozen=True)
class Postbox:
    """One person's mailbox as a mail program of theirs sees it."""

    server: Dovecot
    user: str

    @property
    def url(self) -> str:
        """What IKONE_IMAP_URL would be."""
        return self.address()

    def address(self, password: str = "", folder: str = "INBOX", query: str = "tls=none") -> str:
        """The same with another password, folder or way to encrypt."""
        user, word = quote(self.user, safe=""), quote(password or PASSWORD, safe="")
        return f"imap://{user}:{word}@127.0.0.1:{self.server.port}/{folder}?{query}"

    def put(self, raw: bytes, *, at: datetime = NOW, folder: str = "INBOX") -> None:
        """Let a mail arrive, unread."""
        with self._session() as session:
            typ, said = session.append(folder, "", imaplib.Time2Internaldate(at), raw)
            assert typ == "OK", said

    def fill(self, mails: Iterable[bytes]) -> None:
        """Let many mails arrive over one connection."""
        with self._session() as session:
            for raw in mails:
                assert session.append("INBOX", "", imaplib.Time2Internaldate(NOW), raw)[0] == "OK"

    def forbid(self, folder: str) -> None:
        """Let the server refuse to make this folder: a file is in its way."""
        (self._home / folder).write_text("")

    def spoil(self, subject: bytes) -> None:
        """Make a mail's file unreadable, as on a damaged disk."""
        for path in [*(self._home / "new").iterdir(), *(self._home / "cur").iterdir()]:
            if subject in path.read_bytes():
                path.chmod(0)

    def subjects(self, folder: str = "INBOX") -> list[str]:
        """The subjects of the mails in a folder, in order; none where there is no folder."""
        return [subject for subject, _flags in self.seen(folder)]

    def seen(self, folder: str = "INBOX") -> list[tuple[str, str]]:
        """Subject and flags of each mail, looked at without changing anything."""
        with self._session() as session:
            typ, said = session.select(f'"{folder}"', readonly=True)
            if typ != "OK" or said == [b"0"]:
                return []
            _typ, found = session.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            return [
                (
                    str(message_from_bytes(one[1])["Subject"]),
                    " ".join(
                        flag.decode() for flag in imaplib.ParseFlags(one[0]) if flag != b"\\Recent"
                    ),
                )
                for one in found
                if isinstance(one, tuple)
            ]

    def folders(self) -> set[str]:
        """The names of all folders."""
        with self._session() as session:
            _typ, lines = session.list()
            return {line.decode().split(" ")[-1].strip('"') for line in lines if line}

    def change(self, *commands: tuple[str, ...]) -> None:
        """Commands of a person's mail program, each a name of imaplib's and its arguments."""
        with self._session() as session:
            for name, *arguments in commands:
                typ, said = getattr(session, name)(*arguments)
                assert typ == "OK", (name, said)

    def renumber(self) -> None:
        """What a restored mailbox does: the same mails under a new UIDVALIDITY."""
        index = self._home / "dovecot-uidlist"
        first, _, rest = index.read_text().partition("\n")
        words = first.split(" ")
        number = int(words[1].removeprefix("V")) + 7
        index.write_text(" ".join([words[0], f"V{number}", *words[2:]]) + "\n" + rest)
        for old in self._home.glob("dovecot.index*"):
            old.unlink()

    @property
    def _home(self) -> Path:
        return self.server.folder / "mail" / self.user / "Maildir"

    def _session(self) -> "_Session":
        session = _Session("127.0.0.1", self.server.port, timeout=PATIENCE)
        session.login(f'"{self.user}"', PASSWORD)
        return session


class _Session(imaplib.IMAP4):
    """A connection that says goodbye at the end."""


@functools.cache
def dovecot() -> Dovecot:
    """The server of this process."""
    server = Dovecot().start()
    atexit.register(server.remove)
    return server


def _program() -> str:
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert found, "these tests need Dovecot: install the package dovecot-imapd"
    return found


def _make_certificate(folder: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as peer:
            return peer.recv(4) == b"* OK"
    except OSError:
        return False

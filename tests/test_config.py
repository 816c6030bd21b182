"""Settings: all faults are reported at once, one line each, and nothing starts."""

import secrets
from pathlib import Path

import pytest

from ikone_events.config import SettingsError, settings_from_environment

GOOD = {
    "IKONE_SECRET_KEY": secrets.token_urlsafe(24),
    "IKONE_BASE_URL": "https://events.example.org/",
}


def complaints(**changes: str) -> list[str]:
    with pytest.raises(SettingsError) as fault:
        settings_from_environment({**GOOD, **changes})
    return str(fault.value).splitlines()


def test_two_settings_are_enough() -> None:
    settings = settings_from_environment(GOOD)

    assert settings.base_url == "https://events.example.org"
    assert settings.sender == "events@events.example.org"
    assert settings.sqlalchemy_url.startswith("sqlite:////")
    assert settings.https


def test_every_setting_is_read() -> None:
    settings = settings_from_environment(
        {
            **GOOD,
            "IKONE_MAIL_RETRY": "1, 2,3",
            "IKONE_RATE_LIMITS": "off",
            "IKONE_SMTP_URL": "smtp://u:p@mail.example.org:587?tls=starttls",
            "IKONE_DATA_DIR": "/srv/ikone",
            "IKONE_TRUSTED_PROXIES": "1",
        }
    )

    assert settings.mail_retry == (1, 2, 3)
    assert settings.rate_limits is False
    assert settings.smtp.host == "mail.example.org"
    assert settings.data_dir == Path("/srv/ikone")
    assert settings.trusted_proxies == 1


def test_sites_that_embed_are_named_as_browsers_do() -> None:
    text = "https://www.Stadt.example/, https://dorf.example:8443,http://localhost:3000,https://www.stadt.example"
    assert settings_from_environment({**GOOD, "IKONE_EMBED_ORIGINS": text}).embed_origins == (
        "https://www.stadt.example",
        "https://dorf.example:8443",
        "http://localhost:3000",
    )
    assert settings_from_environment(GOOD).embed_origins == ()


def test_hosts_that_may_be_called_are_read_in_their_one_form() -> None:
    text = "Meet.intern.,10.0.0.5, ::1,meet.intern"
    found = settings_from_environment({**GOOD, "IKONE_OUTGOING_HOSTS": text}).outgoing_hosts
    assert found == ("meet.intern", "10.0.0.5", "::1")
    assert settings_from_environment(GOOD).outgoing_hosts == ()


def test_mails_are_named_in_the_domain_of_the_sender() -> None:
    settings = settings_from_environment({**GOOD, "IKONE_MAIL_FROM": "events@bücher.example"})
    assert settings.sender == "events@xn--bcher-kva.example"
    assert settings.mail_domain == "xn--bcher-kva.example"
    assert settings_from_environment(GOOD).mail_domain == "events.example.org"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IKONE_SECRET_KEY", ""),
        ("IKONE_IMAP_URL", "imaps://mail.example.org"),
        ("IKONE_IMAP_URL", "imap://eva:pw@mail.example.org?tls=maybe"),
        ("IKONE_AUTHSERV_ID", "mx example"),
        ("IKONE_AUTHSERV_ID", "mx.example.org;"),
        ("IKONE_SECRET_KEY", "short"),
        ("IKONE_SECRET_KEY", "a" * 64),
        ("IKONE_SECRET_KEY", "my-very-secret-key-for-the-office-1"),
        ("IKONE_BASE_URL", ""),
        ("IKONE_BASE_URL", "events.example.org"),
        ("IKONE_BASE_URL", "https://example.org/events"),
        ("IKONE_BASE_URL", "https://köln.example"),
        ("IKONE_BASE_URL", "https://u:p@example.org"),
        ("IKONE_BASE_URL", "https://example.org:abc"),
        ("IKONE_BASE_URL", "http://[::1]:8000"),
        ("IKONE_IMAP_URL", "mail.example.org"),
        ("IKONE_DATABASE_URL", "mysql://x"),
        ("IKONE_ENGINE_URL", "amqp://x"),
        ("IKONE_SMTP_URL", "mail.example.org"),
        ("IKONE_SMTP_URL", "smtp://mail.example.org?tls=maybe"),
        ("IKONE_MAIL_FROM", "Events <events@example.org>"),
        ("IKONE_MAIL_FROM", "events@[192.0.2.1]"),
        ("IKONE_MAIL_PER_MINUTE", "0"),
        ("IKONE_MAIL_RETRY", "60,soon"),
        ("IKONE_TIMEZONE", "Europe/Kaiserslautern"),
        ("IKONE_ACCENT", "#ffcc00"),
        ("IKONE_TICK_SECONDS", "-5"),
        ("IKONE_TRUSTED_PROXIES", "one"),
        ("IKONE_RATE_LIMITS", "yes"),
        ("IKONE_MAX_UPLOAD_MB", "50MB"),
        ("IKONE_MAIL_FORM", "a@b.de"),
        ("IKONE_OUTGOING_HOSTS", "https://meet.intern"),
        ("IKONE_OUTGOING_HOSTS", "meet.intern:8443"),
        ("IKONE_OUTGOING_HOSTS", "*.intern"),
        ("IKONE_OUTGOING_HOSTS", "10.0.0.0/8"),
        ("IKONE_BBB_URL", "meet.example.org"),
        ("IKONE_BBB_URL", "https://u:p@meet.example.org/"),
        ("IKONE_JITSI_URL", "https://meet.example.org/?a=b"),
        ("IKONE_EMBED_ORIGINS", "*"),
        ("IKONE_EMBED_ORIGINS", "www.stadt.example"),
        ("IKONE_EMBED_ORIGINS", "http://www.stadt.example"),
        ("IKONE_EMBED_ORIGINS", "https://*.stadt.example"),
        ("IKONE_EMBED_ORIGINS", "https://stadt.example/aktuelles"),
        ("IKONE_EMBED_ORIGINS", "https://stadt.example; script-src *"),
        ("IKONE_EMBED_ORIGINS", "https://stadt.example https://dorf.example"),
        ("IKONE_EMBED_ORIGINS", "https://u@stadt.example"),
        ("IKONE_EMBED_ORIGINS", "https://stadt.example:99999"),
        ("IKONE_EMBED_ORIGINS", "https://[stadt.example"),
        ("IKONE_EMBED_ORIGINS", "https://städtchen.example"),
        ("IKONE_EMBED_ORIGINS", "https://stadt.example,"),
    ],
)
def test_unfit_setting_is_one_clear_line(name: str, value: str) -> None:
    (line,) = complaints(**{name: value})
    assert line.startswith(name)


def test_all_faults_are_reported_at_once() -> None:
    lines = complaints(IKONE_RATE_LIMITS="yes", IKONE_TIMEZONE="Mars", IKONE_NONSENSE="1")
    assert len(lines) == 3


def test_secret_is_not_repeated_in_the_complaint() -> None:
    assert "hunter2" not in "".join(complaints(IKONE_SECRET_KEY="hunter2"))


def test_mail_takes_less_time_than_its_lease_gives() -> None:
    settings = settings_from_environment({**GOOD, "IKONE_LEASE_SECONDS": "60"})
    assert settings.smtp.mail_seconds < settings.lease_seconds
    assert settings.smtp.mails_per_connection == settings.mail_per_connection == 100


def test_secret_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{GOOD['IKONE_SECRET_KEY']}\n")
    base = {"IKONE_BASE_URL": GOOD["IKONE_BASE_URL"]}
    (tmp_path / "smtp").write_text("smtp://u:p@mail.example.org\n")
    settings = settings_from_environment(
        {**base, "IKONE_SECRET_KEY_FILE": str(file), "IKONE_SMTP_URL_FILE": str(tmp_path / "smtp")}
    )
    assert settings.secret_key == GOOD["IKONE_SECRET_KEY"]
    assert settings.smtp.password == "p"


def test_unfit_secret_file_is_one_clear_line(tmp_path: Path) -> None:
    contents = {"empty": b"\n", "binary": b"\xff\xfe", "short": b"short", "good": b"x" * 20}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)

    def complaint(name: str, **more: str) -> str:
        (line,) = complaints(
            IKONE_SECRET_KEY="", **{"IKONE_SECRET_KEY_FILE": str(tmp_path / name), **more}
        )
        return line

    assert complaint("missing").endswith("missing can't be read: No such file or directory.")
    assert complaint("").startswith(f"IKONE_SECRET_KEY_FILE: {tmp_path} can't be read")
    assert complaint("binary").endswith("binary can't be read: it is not text.")
    assert complaint("empty").endswith("empty is empty.")
    assert complaint("short").startswith("IKONE_SECRET_KEY: needs at least 32 characters;")
    assert complaints(IKONE_SECRET_KEY_FILE=str(tmp_path / "good")) == [
        "IKONE_SECRET_KEY and IKONE_SECRET_KEY_FILE are both set."
    ]
    assert complaints(IKONE_BASE_URL_FILE="x") == [
        "IKONE_BASE_URL_FILE is not a setting of Ikone Events."
    ]
    assert complaints(IKONE_HEALTH_TOKEN="ü" * 20) == [
        "IKONE_HEALTH_TOKEN: needs at least 16 ASCII characters without spaces."
    ]


WEAK_KEYS = (
    "change-me-change-me-please-8371-xyz",
    "Change_Me.Now.0193847561029384756",
    "your-secr-et-key-goes-here-0192837465",
    "abcdefghij" * 4,
    "0123456789abcdef" * 2,
    "zyxwvutsrqponmlkjihgfedcba987654",
    "kaiserslautern2026kaiserslautern2026",
    "Rathaus-Rathaus-Rathaus-Rathaus-17",
    "qwertzuiopasdfghjklyxcvbnm-91827364",
    "mein-passwort-fuer-die-anwendung-77",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",  # Flask's documentation
    "short",
)


@pytest.mark.parametrize("key", WEAK_KEYS)
def test_weak_key_is_refused_with_the_command_that_makes_a_good_one(key: str) -> None:
    [line] = complaints(IKONE_SECRET_KEY=key)
    assert "secrets.token_urlsafe(48)" in line
    assert key not in line


def test_random_keys_are_accepted() -> None:
    """As Python and OpenSSL make them; a run of the command never ends in a refusal."""
    for make in (secrets.token_urlsafe, secrets.token_hex):
        for size in (24, 32, 48):
            for _ in range(20):
                settings_from_environment({**GOOD, "IKONE_SECRET_KEY": make(size)})

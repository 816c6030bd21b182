"""Settings: all faults are reported at once, one line each, and nothing starts."""

from pathlib import Path

import pytest

from ikone_events.config import SettingsError, settings_from_environment

GOOD = {
    "IKONE_SECRET_KEY": "uM3w0Zt8aQ1vB7nR5kX2cY9dL4eH6fJp",
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
        ("IKONE_TICK_SECONDS", "-5"),
        ("IKONE_TRUSTED_PROXIES", "one"),
        ("IKONE_RATE_LIMITS", "yes"),
        ("IKONE_MAX_UPLOAD_MB", "50MB"),
        ("IKONE_MAIL_FORM", "a@b.de"),
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

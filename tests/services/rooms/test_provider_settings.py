"""Settings of providers on both databases: of two first saves at once, one is refused."""

from pathlib import Path

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.domain.refusals import StaleForm
from ikone_events.domain.rooms.providers import ProviderKind
from ikone_events.services.rooms.provider_settings import (
    provider_settings,
    remove_provider,
    save_provider,
)
from ikone_events.store.db import db, transaction
from tests.at_once import at_once
from tests.factories import make_settings
from tests.web.visitor import Queries

pytestmark = pytest.mark.both_databases
KIND = ProviderKind.BIGBLUEBUTTON


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


def values(number: int) -> dict[str, str]:
    return {"url": f"https://meet-{number}.example.org/", "secret": f"geheim-{number}"}


def test_first_settings_of_two_people_at_once_are_saved_once(app: Flask, database: str) -> None:
    del database

    def save(number: int) -> str:
        try:
            with app.app_context(), transaction():
                save_provider(KIND, values(number), seen=0)
        except StaleForm:
            return "refused"
        return "saved"

    outcomes = at_once(save, range(2))
    assert sorted(outcomes) == ["refused", "saved"]
    winner = outcomes.index("saved")
    with app.app_context():
        found = provider_settings()
    assert (found.bbb_url, found.bbb_secret) == tuple(values(winner).values())


def test_same_values_twice_are_no_conflict(app: Flask, database: str) -> None:
    del database
    for _ in range(2):
        with app.app_context(), transaction():
            changed = save_provider(KIND, values(1), seen=0)
    assert changed == []


def test_failed_save_stores_nothing(app: Flask, database: str) -> None:
    del database
    with app.app_context():
        with transaction():
            save_provider(KIND, values(1), seen=0)
        with pytest.raises(StaleForm), transaction():
            remove_provider(KIND, seen=0)
        assert provider_settings().bbb_secret == "geheim-1"
        with transaction():
            remove_provider(KIND, seen=1)
        assert not provider_settings().is_begun(KIND)


def test_settings_are_read_once_per_transaction_and_not_kept_longer(app: Flask) -> None:
    with app.app_context():
        with transaction():
            save_provider(KIND, values(1), seen=0)
        with Queries(app) as asked:
            assert provider_settings().bbb_secret == "geheim-1"
            assert provider_settings() is provider_settings()
        assert len([each for each in asked.statements if "FROM provider_settings" in each]) == 1
        db.session.rollback()
        assert "geheim-1" not in repr(db.session().info)
        assert db.session().info == {}
        with transaction():
            before = provider_settings()
            save_provider(KIND, values(2), seen=1)
            assert (before.bbb_secret, provider_settings().bbb_secret) == ("geheim-1", "geheim-2")
            remove_provider(KIND, seen=2)
            assert not provider_settings().is_begun(KIND)

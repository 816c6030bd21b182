"""`ikone-events`: the commands of commands/ around an application from the environment."""

from flask import Flask
from flask.cli import FlaskGroup, NoAppException

from ikone_events.app import create_app
from ikone_events.commands import COMMANDS
from ikone_events.config import SettingsError


def _create_app() -> Flask:
    """The application, or one clear line for each setting that is not fit."""
    try:
        return create_app()
    except SettingsError as fault:
        raise NoAppException(str(fault)) from fault


main = FlaskGroup(
    create_app=_create_app,
    add_default_commands=False,
    help="Ikone Events: the lifecycle of workshops, from announcement to follow-up.",
)
for _command in COMMANDS:
    main.add_command(_command)

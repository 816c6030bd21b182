"""`ikone-events`: imports the program without collecting garbage, then runs the command."""

import gc


def main(args: list[str] | None = None) -> None:
    """Run one command, by default the one of the command line; it ends the process.

    Imports leave no garbage, but collecting it took a fifth of the time until the first page. What
    was imported stays out of later collections, which would hold up requests for 0.1 s.
    """
    gc.disable()
    from ikone_events.command_group import commands  # noqa: PLC0415 - see above

    gc.freeze()
    gc.enable()
    commands(args)

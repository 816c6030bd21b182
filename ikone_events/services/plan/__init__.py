"""The plan of an event: making it, moving it, its mails."""

"""Feeds, private calendars, a preview of what calendars show."""

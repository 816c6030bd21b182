"""Feeds, private calendars, mails with calendar objects."""

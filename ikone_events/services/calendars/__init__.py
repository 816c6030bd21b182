"""Feeds, private calendars, and a preview of calendars."""

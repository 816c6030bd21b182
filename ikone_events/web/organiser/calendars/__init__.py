"""What calendars show of an event."""

"""The plan of an event and of all events."""

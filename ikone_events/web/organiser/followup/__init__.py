"""Materials of an event."""

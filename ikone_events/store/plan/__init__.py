"""Steps of events."""

"""Pages of an event's own form fields."""

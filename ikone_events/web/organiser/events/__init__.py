"""The event, its form, its actions."""

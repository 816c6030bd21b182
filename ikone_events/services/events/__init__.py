"""Editing events, transitions, updates, running steps."""

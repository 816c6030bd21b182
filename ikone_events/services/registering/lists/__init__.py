"""Exports and imports of registrations."""

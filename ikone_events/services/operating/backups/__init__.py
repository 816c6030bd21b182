"""Backups of an installation in one file."""

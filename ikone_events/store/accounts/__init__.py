"""Organisers and their roles."""

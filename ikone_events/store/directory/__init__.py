"""Administrations and their names."""

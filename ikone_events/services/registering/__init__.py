"""Registrations: how people get in, what is done to them, how they get out."""

"""Registrations, answers, codes, seats, waiting list."""

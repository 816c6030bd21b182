"""Registrations: status, seats, self-service, form fields, lists."""

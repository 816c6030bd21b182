"""Mails to the office, and its private calendar."""

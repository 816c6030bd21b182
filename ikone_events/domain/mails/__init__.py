"""Mails: their kinds, audiences, placeholders, and the rules for edited texts."""

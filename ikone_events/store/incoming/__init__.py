"""Mails that came back, and what they say."""

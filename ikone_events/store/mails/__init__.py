"""Outbox, mailings, subscribers, edited texts, claims of workers."""

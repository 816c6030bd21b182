"""Mails: log, texts, previews, writing to many, subscribers."""

"""Mails: composed from texts, built as MIME, handed to the mail server."""

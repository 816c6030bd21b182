"""Sending a mail: MIME, SMTP, outcomes."""

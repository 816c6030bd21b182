"""MIME, SMTP, and what became of a mail."""

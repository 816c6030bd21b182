"""Data: tables and queries by topic, and the transaction."""

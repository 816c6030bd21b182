"""Deleting and disclosing personal data."""

"""Accounts of organisers."""

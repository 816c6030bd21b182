"""Counts for pages and reports."""

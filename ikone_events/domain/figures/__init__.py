"""Figures of events and periods: what is counted, by which rules, and how they are said."""

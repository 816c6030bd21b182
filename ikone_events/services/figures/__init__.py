"""Figures of events and periods, as they are stored or from the rows."""

"""Pages with the figures of events, series and years."""

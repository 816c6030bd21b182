"""Pages and feeds for everybody."""

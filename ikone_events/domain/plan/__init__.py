"""Steps of an event: times, verdicts, templates of plans."""

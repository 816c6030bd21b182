"""Use cases: verbs in the order of a workshop. They never commit; their callers do."""

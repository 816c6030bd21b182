"""Events: lifecycle, needs, drafts, changes, to-do."""

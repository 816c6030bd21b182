"""Events, their materials and history."""

"""Who attended."""

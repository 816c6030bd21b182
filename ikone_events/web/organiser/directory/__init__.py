"""Pages of the directory of administrations."""

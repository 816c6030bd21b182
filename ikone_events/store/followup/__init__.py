"""Materials and who may see them."""

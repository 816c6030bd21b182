"""The directory of administrations: kept, imported, matched with what people typed."""

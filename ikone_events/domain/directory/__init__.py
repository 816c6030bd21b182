"""Administrations: names, keys, lists of them, similar spellings."""

"""Ikone Events: the workflow engine for a network's workshops."""

__version__ = "0.1.0"

"""Mails: writing, sending and receiving them."""

"""Mails to the office: who gets which, when, and what is urgent."""

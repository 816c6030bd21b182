"""Mails to the office: raised alarms, listed registrations."""

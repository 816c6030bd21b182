"""Received mails and their effects: answers of calendars, bounces, absences."""

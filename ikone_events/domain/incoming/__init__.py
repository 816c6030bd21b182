"""Incoming mails: answers, bounces, absences."""

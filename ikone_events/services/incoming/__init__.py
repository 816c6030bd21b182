"""What comes back by mail and what it does: answers of calendars, bounces, absences."""

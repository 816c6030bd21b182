"""What comes back by mail: answers, bounces, absences."""

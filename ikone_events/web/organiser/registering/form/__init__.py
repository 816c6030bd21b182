"""Pages of the own fields of an event's form."""

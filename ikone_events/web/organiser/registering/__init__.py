"""Pages about the people of an event: the list, one person, adding, importing, exporting."""

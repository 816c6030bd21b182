"""Files for people: spreadsheets, PDF, Markdown."""

"""From facts to a finished mail: text, HTML, calendar."""

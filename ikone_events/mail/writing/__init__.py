"""Writing a mail from its facts: text, HTML, calendar object."""

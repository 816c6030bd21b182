"""Writing, queuing and sending mails to one or to many."""

"""What is handed out after an event."""

"""The worker: what it does, when it wakes, sending, reading, the server around it."""

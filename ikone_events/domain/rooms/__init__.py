"""The door to the video room."""

"""The room of an event: its provider, the door, who came."""

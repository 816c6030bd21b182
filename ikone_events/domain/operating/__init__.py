"""Operation: alarms, files for `load`."""

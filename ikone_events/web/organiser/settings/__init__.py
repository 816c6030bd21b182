"""Settings of the installation that administrators make in the browser."""

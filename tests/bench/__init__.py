"""Speed and memory of the running installation, next to a yardstick measured in the same run."""

"""Schema, migration, snapshots for backups."""

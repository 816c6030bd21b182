"""Health, doctor, verification, backups, loading, retention."""

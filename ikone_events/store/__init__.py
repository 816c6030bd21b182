"""Data: tables by topic, the transaction, and the reads that deserve a name."""

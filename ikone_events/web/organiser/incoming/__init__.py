"""What came back by mail."""

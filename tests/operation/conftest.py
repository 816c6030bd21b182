"""What the tests of running the house share."""

"""Lists of people that leave the house or come into it."""

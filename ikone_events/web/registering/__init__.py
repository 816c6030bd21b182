"""The public registration form: its fields, its people, its page, and what comes after it."""

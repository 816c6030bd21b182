"""The public registration form and its pages."""

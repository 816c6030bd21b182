"""The trial: invented data on a clock of its own, and a mail catcher that can be read."""

"""When a rule fires and what follows. Plain Python."""

"""A process's memory of observations on their way into the database."""

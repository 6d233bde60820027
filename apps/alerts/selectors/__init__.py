"""Reads of alerting: rows inside, values of the domain and frozen dataclasses outside."""

"""The shapes of alerting in the API, a module for each part."""

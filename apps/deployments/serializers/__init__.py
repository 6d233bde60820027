"""The shapes of deployments in the API."""

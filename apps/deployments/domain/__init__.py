"""What deployments are: plain Python."""

"""What other apps read of monitoring."""

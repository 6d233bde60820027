"""Health checks: what is watched, what a probe's answer is worth, and where the check stands. Plain Python."""

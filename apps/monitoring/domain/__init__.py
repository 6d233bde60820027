"""What observations are: series, sketches, rollups, events, checks. Plain Python."""

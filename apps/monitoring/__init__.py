"""Everything that can go wrong, observed: metrics, tracked events, health checks."""

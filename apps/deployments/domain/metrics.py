"""The metrics by which a deployment is judged. Each carries the labels `service` and `slot`."""

REQUESTS = "http_requests_total"  # counter
ERRORS = "http_errors_total"  # counter: answers with a 5xx status, and exceptions
LATENCY = "http_request_duration_seconds"  # distribution
DATABASE = "database_up"  # gauge: 1 when the service reached its database, 0 when not
LOGINS = "auth_attempts_total"  # counter
LOGIN_FAILURES = "auth_failures_total"  # counter
PROBES = "slot_up"  # gauge: 1 when a probe of the portal found the slot well, 0 when not; the portal writes it itself
COUNTERS = frozenset({REQUESTS, ERRORS, LOGINS, LOGIN_FAILURES})

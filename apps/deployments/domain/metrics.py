"""The metrics by which a deployment is judged. Each carries the labels `service` and `slot`."""

REQUESTS = "http_requests_total"  # counter
ERRORS = "http_errors_total"  # counter: answers with a 5xx status, and exceptions
LATENCY = "response_time"  # distribution, in ms
DATABASE_ERRORS = "database_connection_errors_total"  # counter
LOGINS = "auth_attempts_total"  # counter
LOGIN_FAILURES = "auth_failures_total"  # counter
PROBES = "slot_up"  # gauge: 1 when a probe of the portal found the slot well, else 0; written by the portal itself

"""What the observations mean and what is done about it: rules, alerts, notifications, responses, incidents."""

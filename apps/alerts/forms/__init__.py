"""Forms about rules, routes and incidents: they assemble what was typed, and the domain judges it."""

"""Forms about rules and routes: they assemble what was typed, and the domain judges it."""

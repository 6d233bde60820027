"""A serving process's memory of public status pages. No decisions are made here."""

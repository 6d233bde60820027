"""What it looks like when the database is away, or too busy to answer."""

from typing import Final

from django.db import InterfaceError, OperationalError

DATABASE_AWAY: Final = (OperationalError, InterfaceError)  # for `except`: nothing can go on, and nothing is to blame

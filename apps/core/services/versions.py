"""The optimistic lock of everything that people edit."""


class StaleVersion(Exception):
    """Somebody else changed the object since it was read."""

    def __init__(self, found: int, expected: int) -> None:
        super().__init__(f"version {expected} was expected, but it is {found} by now")
        self.found, self.expected = found, expected


def check_version(found: int, expected: int | None) -> None:
    """Optimistic lock. `None` means that the caller does not care, as a kill does not."""
    if expected is not None and expected != found:
        raise StaleVersion(found, expected)

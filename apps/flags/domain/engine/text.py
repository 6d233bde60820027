"""Which texts can be kept and sent, and how a share is written out. No rule about flags lives here."""

UNSTORABLE = "has characters that UTF-8 or the database cannot carry"


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can carry the text: JSON escapes can smuggle in half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_storable(text: str) -> bool:
    """Whether the text can also be kept in PostgreSQL's jsonb, which refuses NUL."""
    return "\0" not in text and is_unicode(text)


def percent(weight: int) -> str:
    """A weight or bucket in per cent, exact: 25,000 is "25 %" and 74,210 is "74.21 %"."""
    return f"{weight / 1000:.3f}".rstrip("0").rstrip(".") + " %"

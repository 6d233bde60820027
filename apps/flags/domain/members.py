"""Lists of targeting keys as people keep them: lines and CSV files, read whole or refused line by line."""

import csv
import io
from collections.abc import Iterable, Iterator, Set
from enum import StrEnum

from .engine.limits import MAX_UNIT_LENGTH
from .engine.text import is_storable

MEMBERS_LIMIT = 100_000  # per segment and environment
FILE_LIMIT = 5_000_000  # bytes of a CSV file
COLUMN = "targeting_key"
_COLUMNS = (COLUMN, "id", "user_id")  # what the column may be called, the likeliest first
_DELIMITERS = (",", ";", "\t")
_SHOWN = 20  # bad lines that are told one by one

# A spreadsheet runs a cell that begins so as a formula. An apostrophe in front makes it text; the apostrophe is in
# the list itself, so that a value that begins with one comes back as it was.
_GUARD = "'"
_GUARDED = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", _GUARD)


class Mode(StrEnum):
    """What a list does to the members that are there."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"


class UnreadableMembers(ValueError):
    """A list with bad lines, each told by its number; nothing of it was taken."""

    def __init__(self, problems: list[tuple[int, str]]) -> None:
        super().__init__(f"{len(problems)} lines cannot be read")
        self.problems = problems[:_SHOWN]
        self.more = len(problems) - len(self.problems)


def combined(present: Set[str], given: Set[str], mode: Mode) -> Set[str]:
    match mode:
        case Mode.REPLACE:
            return given
        case Mode.ADD:
            return present | given
        case Mode.REMOVE:
            return present - given


def read_lines(lines: Iterable[str]) -> set[str]:
    """One key a line; blanks around it and empty lines do not count. Raises UnreadableMembers."""
    return _checked((number, line.strip()) for number, line in enumerate(lines, 1))


def read_csv(text: str) -> set[str]:
    """The keys in the column `targeting_key`, `id` or `user_id`, or in the first one. Raises UnreadableMembers.

    Commas, semicolons or tabs part the columns: whichever the first line has most of.
    """
    return _checked(_cells(text.removeprefix("\ufeff")))


def write_csv(keys: Iterable[str]) -> str:
    """What read_csv reads back to the same keys. Every value is quoted, and none is a formula to a spreadsheet."""
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([COLUMN])
    writer.writerows([_GUARD + key if key.startswith(_GUARDED) else key] for key in keys)
    return file.getvalue()


Cell = tuple[int, str | ValueError]  # line number and what is there, or why it cannot be read


def _checked(cells: Iterable[Cell]) -> set[str]:
    keys: set[str] = set()
    problems: list[tuple[int, str]] = []
    for number, cell in cells:
        problem = str(cell) if isinstance(cell, ValueError) else _problem(cell)
        if problem:
            problems.append((number, problem))
        else:
            keys.add(str(cell))
    if problems:
        raise UnreadableMembers(problems)
    return keys - {""}


def _problem(key: str) -> str:
    if len(key) > MAX_UNIT_LENGTH:
        return f"a targeting key has at most {MAX_UNIT_LENGTH} characters"
    if not is_storable(key) or len(key.splitlines()) > 1:
        return "a targeting key is one line of text that UTF-8 and the database can carry"
    return ""


def _cells(text: str) -> Iterator[Cell]:
    """The cell that holds the key, of every row that is not empty."""
    width, place = 0, None
    for number, row in _rows(text):
        if isinstance(row, ValueError):
            yield number, row
        elif any(cell.strip() for cell in row):
            if place is None:
                width, named = len(row), _place(row)
                place = named or 0
                if named is not None:  # this row is a header
                    continue
            yield number, _cell(row, place, width)


def _cell(row: list[str], place: int, width: int) -> str | ValueError:
    if len(row) != width:
        return ValueError(f"has {len(row)} columns, the first line has {width}")
    cell = row[place].strip()
    if not cell:
        return ValueError("the column with the targeting key is empty")
    return cell[1:] if cell.startswith(_GUARD) and cell[1:].startswith(_GUARDED) else cell


def _place(row: list[str]) -> int | None:
    """Which column of a header holds the keys; None when the row is no header."""
    names = [cell.strip().lower() for cell in row]
    return next((names.index(name) for name in _COLUMNS if name in names), None)


def _rows(text: str) -> Iterator[tuple[int, list[str] | ValueError]]:
    """Each row with the number of the line it starts on."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    while True:
        number = rows.line_num + 1
        try:
            yield number, next(rows)
        except csv.Error:
            yield number, ValueError("a quotation mark is not closed, or more follows after it")
        except StopIteration:
            return


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=first.count)

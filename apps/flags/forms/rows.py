"""Rows of small forms, of which some are left empty: what the editors of variants and of stages share."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from django import forms

SPARE_ROWS = 3
Read = TypeVar("Read")


class Rows(Generic[Read]):
    """A row that reads as None does not count, whatever its place."""

    fields: ClassVar[Mapping[str, str]] = {}  # names in the definition to those in the form

    def __init__(
        self,
        form: type[forms.Form],
        prefix: str,
        data: Any = None,
        *,
        initial: Sequence[Mapping[str, Any]] = (),
        at_most: int,
    ) -> None:
        factory = forms.formset_factory(form, extra=SPARE_ROWS if initial else SPARE_ROWS + 1, max_num=at_most)
        self.rows: Any = factory(data, initial=list(initial), prefix=prefix)
        self.prefix = prefix
        self.faults: list[str] = []
        self._places: list[int] = []

    @property
    def at_fault(self) -> bool:
        return bool(self.faults or self.rows.non_form_errors() or any(row.errors for row in self.rows.forms))

    def add_fault(self, path: str, message: str) -> None:
        """Puts a complaint about the definition, such as `variants[1].value`, at its row."""
        match = re.match(rf"{self.prefix}\[(\d+)\]\.(\w+)", path)
        if match and match[2] in self.fields and int(match[1]) < len(self._places):
            self.rows.forms[self._places[int(match[1])]].add_error(self.fields[match[2]], message)
        else:
            self.faults.append(message if path == self.prefix else f"{path}: {message}")

    def _read(self, read: Callable[[Any], Read | None]) -> list[Read]:
        """What the rows hold, in their order; faults become the rows' errors."""
        self.rows.is_valid()
        found = [(place, read(row)) for place, row in enumerate(self.rows.forms)]
        self._places = [place for place, value in found if value is not None]
        return [value for _place, value in found if value is not None]

"""Editors of several things of a kind, a row each. What a row is about is said in a subclass."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms

SPARE_ROWS = 3


class Rows:
    """Rows of one form. An empty row does not count, so that one is removed by emptying it."""

    form: ClassVar[type[forms.Form]]
    prefix: ClassVar[str]  # of the fields, and of the paths in a service's complaints
    at_most: ClassVar[int]
    renamed: ClassVar[Mapping[str, str]] = {}  # names in a complaint's path to those of the form, where they differ

    def __init__(self, data: Any = None, *, initial: Sequence[Mapping[str, Any]] = (), **options: Any) -> None:
        extra = SPARE_ROWS if initial else SPARE_ROWS + 1
        factory = forms.formset_factory(self.form, extra=extra, max_num=self.at_most)
        self.rows: Any = factory(data, initial=list(initial), prefix=self.prefix, form_kwargs=options)
        self.faults: list[str] = []  # those that no row has
        self.places: list[int] = []  # the row that each collected thing came from

    def collect(self, read: Callable[[Any], Any]) -> list[Any]:
        """What `read` makes of each row; None is an empty row, or one at fault."""
        self.rows.is_valid()
        found = [(place, read(row)) for place, row in enumerate(self.rows.forms)]
        self.places = [place for place, thing in found if thing is not None]
        return [thing for _place, thing in found if thing is not None]

    @property
    def at_fault(self) -> bool:
        return bool(self.faults or self.rows.non_form_errors() or any(row.errors for row in self.rows.forms))

    def add_fault(self, path: str, message: str) -> None:
        """Puts a complaint, such as one about `variants[1].value`, at its row."""
        match = re.match(rf"{self.prefix}\[(\d+)\]\.(\w+)", path)
        name = self.renamed.get(match[2], match[2]) if match else ""
        if match and int(match[1]) < len(self.places) and name in self.form.base_fields:
            self.rows.forms[self.places[int(match[1])]].add_error(name, message)
        else:
            self.faults.append(message if path == self.prefix else f"{path}: {message}")

    def carried(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
        """These rows as the fields of a form, to send them again."""
        counts = [(f"{self.prefix}-TOTAL_FORMS", str(len(rows))), (f"{self.prefix}-INITIAL_FORMS", "0")]
        fields = [
            (f"{self.prefix}-{n}-{name}", str(value)) for n, row in enumerate(rows) for name, value in row.items()
        ]
        return counts + fields

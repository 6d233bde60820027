"""What forms with rows of matchers share: more rows, and problems told at their row. No field lives here."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

PLACE = re.compile(r"\[(\d+)\](?:\.(\w+))?$")


class RowsForm(forms.Form):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.wrong: dict[str, set[tuple[int, str]]] = {}  # by field: the row and its part
        self.spare: dict[str, int] = {}  # empty rows, by field

    def place_of(self, path: str) -> str:
        """The name of the field that a problem's path is about."""
        return path.partition("[")[0]

    def refuse(self, problems: Mapping[str, list[str]]) -> None:
        """Each problem at its field; of a row, with the number of the row."""
        for path, messages in problems.items():
            name, row = self.place_of(path), PLACE.search(path)
            told = [f"{_('Row %d') % (int(row[1]) + 1)}: {words}" for words in messages] if row else messages
            if row and row[2]:
                self.wrong.setdefault(name, set()).add((int(row[1]), row[2]))
            if name in self.fields:
                self.add_error(name, told)
            else:
                self.add_error(None, [f"{path}: {words}" for words in messages])

    def more(self, name: str) -> None:
        """Shown again with more rows to type in, and nothing judged yet."""
        self.spare[name] = 4
        self._errors = forms.utils.ErrorDict()

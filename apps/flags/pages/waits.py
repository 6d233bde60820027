"""Which other flags have to serve what before this one serves anything but its off variant."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.flags import selectors
from apps.flags.domain.engine.definitions import Prerequisite
from apps.flags.domain.transitions import Change
from apps.flags.forms import Prerequisites
from apps.flags.pages.rows import RowsPage
from apps.flags.pages.sections import waits


class PrerequisitesPage(RowsPage):
    address = "flag-prerequisites"
    heading = gettext_lazy("What %(flag)s waits for in %(environment)s")

    def rows(self, data: Any = None, initial: Any = None) -> Prerequisites:
        if data is not None:
            return Prerequisites(data)  # what was sent says all: a row like the present one is no empty row
        present = self.served.prerequisites if self.served else ()
        return Prerequisites(initial=present if initial is None else initial)

    def change(self, read: tuple[Prerequisite, ...]) -> Change:
        return Change(prerequisites=read)

    def notes(self, read: tuple[Prerequisite, ...]) -> Sequence[str]:
        """How far each is met at present."""
        words = _("%(flag)s has to serve %(wanted)s: %(reach)s at present.")
        return [
            words % {"flag": one.key, "wanted": one.wanted, "reach": one.reach.text}
            for one in waits(read, self.environment)
        ]

    def editor(self) -> dict[str, Any]:
        others = selectors.flags(self.project).exclude(pk=self.flag.pk)
        return {
            "row_label": _("Flag"),
            "add_label": _("Add a flag"),
            "keys": others.values_list("key", flat=True),
            "explained": _(
                "Until each of these flags serves one of the variants named to a user, that user gets the off variant "
                "of this flag. Empty a row to remove it."
            ),
        }

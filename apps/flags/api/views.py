"""What the flags' resources share: who may, which refusals, and the flag, state or segment in the address."""

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

from django.shortcuts import get_object_or_404
from django.urls.converters import StringConverter

from apps.core.api.views import ApiViewSet
from apps.flags import selectors
from apps.flags.api.problems import REFUSALS
from apps.flags.domain.access import Action, needed
from apps.flags.models import Flag, FlagState, Segment


class FlagKey(StringConverter):
    regex = r"[A-Za-z][A-Za-z0-9._-]*"


class FlagsViewSet(ApiViewSet):
    refusals = REFUSALS
    actions: ClassVar[Mapping[str, Action]] = {}

    @property
    def needs(self) -> Mapping[str, str]:  # type: ignore[override]
        return {name: needed(action)[0] for name, action in self.actions.items()}

    @cached_property
    def flag(self) -> Flag:
        rows = selectors.flags_with_states(selectors.flags(self.project, archived=None))
        return get_object_or_404(rows, key=self.kwargs["flag"])

    @cached_property
    def state(self) -> FlagState:
        rows = selectors.states_of(self.flag)
        return get_object_or_404(rows, environment__key=self.kwargs["environment"])

    @cached_property
    def segment(self) -> Segment:
        return get_object_or_404(selectors.segments(self.project), key=self.kwargs["segment"])

    def needed_everywhere(self, action: Action) -> tuple[str, ...]:
        """What is the same in every environment is as protected as the most protected one."""
        return needed(action, protected=self.project.environments.filter(protected=True).exists())


class InEnvironment(FlagsViewSet):
    """What one environment serves; a protected one asks for more."""

    def needed_here(self) -> tuple[str, ...]:
        return needed(self.actions[self.action], protected=self.environment.protected) if self.writes else ()

"""What a response has to be able to do."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from apps.core.audit import Actor


class Subject(NamedTuple):
    """What a response acts on."""

    key: str  # one for each thing: cooldown and budget count by it
    words: str  # as in "checkout-v2 in production"
    pk: int
    changed_at: datetime | None  # by somebody else, last
    in_force: str = ""  # why there is nothing to do, if there is nothing: "it is killed already"


class Kind(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def words(self) -> str:
        """What it does, as a verb: "kills"."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Of its configuration."""

    def read(self, fields: Mapping[str, object]) -> dict[str, Any]:
        """Its configuration, checked. Raises InvalidDefinition."""

    def find(self, environment_id: int, config: Mapping[str, Any]) -> Subject | None:
        """None: it is not there any more."""

    def act(self, subject: Subject, *, actor: Actor, reason: str, at: datetime) -> str:
        """Do it; returns what was done, in a sentence."""

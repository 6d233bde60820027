"""What a response has to be able to do. There are two sorts: a deed changes our own rows, in one transaction with what
is noted about it; a call goes outside, so it may be made twice, and cannot be taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from apps.alerts.gateways.messages import Notice
from apps.core.audit import Actor


class Missing(Exception):
    """What it acts on is not there any more; the text says so."""


class Refused(Exception):
    """Whoever it asks says no, for good; the text says why. Nothing was changed."""


class CannotUndo(Exception):
    """The text says why, and what to do instead."""


class Subject(NamedTuple):
    """What a response acts on."""

    key: str  # one for each thing: cooldown and budget count by it
    words: str  # as in "checkout-v2 in production"
    pk: int
    changed_at: datetime | None = None  # by somebody else, last
    in_force: str = ""  # why there is nothing to do, if there is nothing: "it is killed already"


@dataclass(frozen=True, slots=True)
class Done:
    words: str  # what was done, in a sentence
    undo: Mapping[str, Any] = field(default_factory=dict)  # what it takes to take that back, as JSON


@dataclass(frozen=True, slots=True)
class Order:
    """One attempt of a call. The id is the same in every attempt, so that a receiver can drop a second."""

    id: str
    at: datetime
    asked_at: datetime
    notice: Notice  # about the alert
    url: str
    secrets: Sequence[str]
    config: Mapping[str, Any]


class Kind(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def words(self) -> str:
        """What it does, as a verb: "kills"."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Of its configuration; all of them are needed."""

    @property
    def optional(self) -> tuple[str, ...]:
        """Fields that may be left out."""

    @property
    def limits(self) -> Mapping[str, int]:
        """What guards it, with the usual values: fields of domain/guarding.py's Limits."""

    def read(self, fields: Mapping[str, object]) -> dict[str, Any]:
        """Its configuration, checked. Raises InvalidDefinition."""

    def find(self, environment_id: int, config: Mapping[str, Any], at: datetime) -> Subject:
        """Raises Missing."""


class Deed(Kind, Protocol):
    def act(self, subject: Subject, *, trigger: str, actor: Actor, reason: str, at: datetime) -> Done:
        """Do it, in the transaction of whoever calls. `trigger` is the rule's key. Raises Refused."""

    def rights(self, *, protected: bool) -> tuple[str, ...]:
        """Permissions that it takes to take it back by hand."""

    def undo(self, kept: Mapping[str, Any], *, actor: Actor, reason: str, at: datetime) -> str:
        """Take it back; returns what was done, in a sentence. Raises CannotUndo. `kept` is what `act` left."""


class Call(Kind, Protocol):
    def call(self, order: Order) -> None:
        """Outside any transaction. Raises Undelivered."""

    def done(self, subject: Subject) -> str:
        """What was done, in a sentence."""

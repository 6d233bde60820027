"""Who is connected to whom: everything that one app must hear of another without importing it."""

from apps.core import services as core
from apps.core.live.follower import Follower
from apps.core.live.keyring import keyring
from apps.flags import services as flags
from apps.flags.live.rulesets import rulesets

LOOPS = {"sealer": "apps.core.sealer:run"}  # permanent children of `manage.py loops`


def wire() -> None:
    core.adopt_environments_with(flags.adopt_environment)


def follower() -> Follower:
    """What keeps a serving process's memory current."""
    return Follower([keyring, rulesets])

"""Short ways to write flags in tests. No expected values live here."""

from apps.flags.domain.engine.definitions import (
    Condition,
    Flag,
    FlagStatus,
    FlagType,
    Lock,
    Override,
    Prerequisite,
    Rule,
    Segment,
    Serve,
    Split,
    Variant,
)

NOW = 1_767_603_600.0  # 2026-01-05T09:00:00Z
ON_OFF = (Variant("on", True), Variant("off", False))


def flag(
    *rules: Rule,
    key: str = "checkout",
    type: FlagType = FlagType.BOOLEAN,
    variants: tuple[Variant, ...] = ON_OFF,
    status: FlagStatus = FlagStatus.ON,
    default: str = "off",
    off: str = "off",
    salt: str | None = None,
    client_exposed: bool = True,
    lock: Lock | None = None,
    version: int = 1,
    prerequisites: tuple[Prerequisite, ...] = (),
    overrides: tuple[Override, ...] = (),
) -> Flag:
    return Flag(
        key=key,
        type=type,
        variants=variants,
        status=status,
        rules=rules,
        default_variant=default,
        off_variant=off,
        salt=key if salt is None else salt,
        client_exposed=client_exposed,
        lock=lock,
        version=version,
        prerequisites=prerequisites,
        overrides=overrides,
    )


def rule(serve: Serve, when: Condition | None = None, id: str = "rollout") -> Rule:
    return Rule(id, when, serve)


def ramp(weight: int) -> Split:
    """`weight` out of 100,000 get "on", the rest "off"."""
    return Split((("on", weight), ("off", 100_000 - weight)))


def segment(key: str, *members: str, when: Condition | None = None) -> Segment:
    return Segment(key, frozenset(members), when)

"""The ids of series this process wrote to: a series is never renamed, so that nobody has to ask the database again."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from apps.monitoring.domain.series import Series

MOST = 200_000  # then all are forgotten, and learned again
_Key = tuple[int, Series]  # environment and series
_ids: dict[_Key, int] = {}


def known(environment_id: int, wanted: Iterable[Series]) -> dict[Series, int]:
    return {series: _ids[environment_id, series] for series in wanted if (environment_id, series) in _ids}


def learn(environment_id: int, ids: Mapping[Series, int]) -> None:
    """Once the transaction is committed: a series that it made may yet come to nothing."""
    if ids:
        transaction.on_commit(lambda: _keep({(environment_id, series): pk for series, pk in ids.items()}))


def forget() -> None:
    """What is remembered may be gone: an environment was deleted."""
    _ids.clear()


def _keep(ids: Mapping[_Key, int]) -> None:
    if len(_ids) + len(ids) > MOST:
        forget()
    _ids.update(ids)

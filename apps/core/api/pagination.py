"""Pages by cursor: stable while rows come and go, and as fast on the last page as on the first."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework import pagination
from rest_framework.request import Request


class CursorPagination(pagination.CursorPagination):
    """The view names its `ordering`, which has to be unique so that no row is lost or shown twice."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        return tuple(view.ordering)

    def _get_position_from_instance(self, instance: Any, ordering: Sequence[str]) -> str:
        """Also across relations, as in `environment__position`, which the parent does not follow."""
        for name in ordering[0].lstrip("-").split("__"):
            instance = getattr(instance, name)
        return str(instance)

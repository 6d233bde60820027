"""Answers that are not JSON."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer


class FinishedText(BaseRenderer):
    """A file that was written elsewhere."""

    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return str(data).encode()


class CSVRenderer(FinishedText):
    media_type = "text/csv"
    format = "csv"


class MarkdownRenderer(FinishedText):
    media_type = "text/markdown"
    format = "md"

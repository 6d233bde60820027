"""The floor's tables in the admin. Django imports this module; the files beside it are split by idea."""

from apps.core.admin import approvals, holds, keys, people, projects, trail

__all__ = ["approvals", "holds", "keys", "people", "projects", "trail"]

"""The words that a project uses instead of the usual ones."""

from apps.core.models import Project
from apps.deployments.models import MessageTemplate


def own_templates(project: Project) -> dict[str, MessageTemplate]:
    """By their kind; what is missing has the usual words."""
    return {row.kind: row for row in MessageTemplate.objects.filter(project=project)}

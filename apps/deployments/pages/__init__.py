"""The pages about deployments, below `admin/p/<project>/<environment>/`. Each module lists its own addresses."""

from apps.deployments.pages import (
    calendar,
    detail,
    listing,
    messages,
    rolling_back,
    services,
    starting,
    steering,
    targets,
)

urlpatterns = [
    *listing.urlpatterns,
    *starting.urlpatterns,
    *calendar.urlpatterns,
    *messages.urlpatterns,
    *services.urlpatterns,
    *targets.urlpatterns,
    *detail.urlpatterns,
    *rolling_back.urlpatterns,
    *steering.urlpatterns,
]

"""The pages about deployments, below `admin/p/<project>/<environment>/`. Each module lists its own addresses."""

from apps.deployments.pages import detail, rolling_back, steering

urlpatterns = [
    *detail.urlpatterns,
    *rolling_back.urlpatterns,
    *steering.urlpatterns,
]

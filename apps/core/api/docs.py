"""The API's own description: OpenAPI, and Swagger UI that runs under our content security policy."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotAuthenticated

from apps.core.api.permissions import SignedIn


class SchemaView(SpectacularAPIView):
    permission_classes = [SignedIn]


class DocsView(SpectacularSwaggerSplitView):
    permission_classes = [SignedIn]
    template_name = "core/api/docs.html"

    def handle_exception(self, exc: Exception) -> Any:
        """People come here with a browser: ask them to sign in."""
        if isinstance(exc, NotAuthenticated):
            return redirect_to_login(self.request.get_full_path())
        return super().handle_exception(exc)

"""The REST API: each app's routes under one version."""

urlpatterns: list[object] = []

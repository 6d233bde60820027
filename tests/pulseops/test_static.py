"""What a browser gets of our static files in a real installation: hashed names, compressed, cached for ever."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.templatetags.static import static
from django.test import Client

HASHED_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"


@pytest.fixture
def collected(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_AUTOREFRESH = False
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": HASHED_STORAGE}}
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.mark.usefixtures("collected")
def test_static_files_are_hashed_compressed_and_cached() -> None:
    address = static("pulseops/tokens.css")
    answer = Client().get(address, headers={"Accept-Encoding": "gzip"})
    assert address != "/static/pulseops/tokens.css"
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]

from django.apps import AppConfig


class FlagsConfig(AppConfig):
    name = "apps.flags"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.flags import checks  # noqa: F401, PLC0415 - the check registers itself, once models are loaded

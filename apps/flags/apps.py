from django.apps import AppConfig


class FlagsConfig(AppConfig):
    name = "apps.flags"
    default_auto_field = "django.db.models.BigAutoField"

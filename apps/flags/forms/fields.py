"""Fields that several forms of this app use."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.fields import WordsField

MAX_TAGS = 20
MAX_TAG_LENGTH = 50


class TagsField(WordsField):
    def clean(self, value: Any) -> Any:
        tags = super().clean(value)
        if len(tags) > MAX_TAGS:
            raise ValidationError(_("A flag takes at most %(count)d tags."), params={"count": MAX_TAGS})
        if any(len(tag) > MAX_TAG_LENGTH for tag in tags):
            raise ValidationError(_("A tag has at most %(count)d characters."), params={"count": MAX_TAG_LENGTH})
        return tags


def choices(keys: Iterable[str]) -> list[tuple[str, str]]:
    return [(key, key) for key in keys]

"""Creating a flag and editing what is the same in every environment."""

from typing import Any

import pytest

from apps.core.models import Project
from apps.flags import services
from apps.flags.models import Flag
from tests.factories import ACTOR, AT, make_flag
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


def variants(*rows: tuple[str, str], initial: int = 0) -> dict[str, Any]:
    data: dict[str, Any] = {"variants-TOTAL_FORMS": len(rows), "variants-INITIAL_FORMS": initial}
    for n, (key, value) in enumerate(rows):
        data |= {f"variants-{n}-key": key, f"variants-{n}-value": value}
    return data


def new(key: str = "theme", *rows: tuple[str, str], **fields: Any) -> dict[str, Any]:
    return {"key": key, "name": "Theme", "type": "string", "purpose": "RELEASE", **variants(*rows), **fields}


def test_the_first_page_needs_no_script_to_add_variants(visitor: Visitor) -> None:
    page = visitor.get("flag-create")
    assert page.status_code == 200
    shows(page, 'name="variants-0-key"', 'name="variants-3-value"', 'value="boolean"')


def test_a_boolean_flag_needs_no_variants(project: Project, visitor: Visitor) -> None:
    answer = visitor.post("flag-create", new("dark", ("", ""), ("", ""), type="boolean"))
    assert answer.url == visitor.url("flag-detail", key="dark")
    flag = Flag.objects.get(key="dark")
    assert list(flag.variants.order_by("position").values_list("key", "value")) == [("on", True), ("off", False)]
    assert set(flag.states.values_list("status", flat=True)) == {"OFF"}


@pytest.mark.parametrize(
    ("type", "typed", "kept"),
    [
        ("string", " two  words", " two  words"),
        ("integer", " 42 ", 42),
        ("float", "0.5", 0.5),
        ("object", '{"columns": [1, 2]}', {"columns": [1, 2]}),
        ("boolean", "true", True),
    ],
)
def test_values_become_what_the_type_says(visitor: Visitor, type: str, typed: str, kept: object) -> None:
    answer = visitor.post("flag-create", new("it", ("a", typed), ("", ""), type=type))
    assert answer.status_code == 302
    assert Flag.objects.get(key="it").variants.get().value == kept


@pytest.mark.parametrize(
    ("type", "typed", "told"),
    [
        ("integer", "4.5", "Type a whole number"),
        ("float", "nan", "Type a number such as 0.5"),
        ("object", "[1]", "Type a JSON object"),
        ("object", "{", "Type a JSON object"),
        ("boolean", "maybe", "Type true or false"),
        ("integer", "9007199254740993", "beyond 2^53"),
    ],
)
def test_a_value_of_the_wrong_type_is_told_at_its_row_and_kept(
    visitor: Visitor, type: str, typed: str, told: str
) -> None:
    page = visitor.post("flag-create", new("it", ("", ""), ("a", typed), type=type, description="keep me"))
    assert page.status_code == 422
    shows(page, told, 'href="#id_variants-1-value"', typed, "keep me", "Nothing is saved yet")
    assert not Flag.objects.exists()


def test_two_variants_of_one_key_are_told_at_the_second(visitor: Visitor) -> None:
    page = visitor.post("flag-create", new("it", ("a", "1"), ("a", "2")))
    shows(page, "Another variant has this key already.", 'href="#id_variants-1-key"')


def test_a_value_without_a_key_is_told(visitor: Visitor) -> None:
    shows(visitor.post("flag-create", new("it", ("", "1"))), "Give this variant a key.")


def test_a_flag_without_variants_is_told(visitor: Visitor) -> None:
    page = visitor.post("flag-create", new("it", ("", "")))
    assert page.status_code == 422
    shows(page, "A flag needs at least one variant.", 'href="#variants"')


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("", "This field is required."),
        ("1st", "Start with a letter"),
        ("new", "Not `new`."),
        ("taken", "A flag with this key exists already."),
    ],
)
def test_a_key_that_cannot_be_is_told_at_the_field(project: Project, visitor: Visitor, key: str, told: str) -> None:
    make_flag(project=project, key="taken")
    page = visitor.post("flag-create", new(key, ("a", "1")))
    assert page.status_code == 422
    shows(page, told, 'href="#id_key"', 'name="variants-0-key" value="a"')


def test_the_same_key_in_another_project_is_fine(visitor: Visitor) -> None:
    make_flag(key="theme")
    assert visitor.post("flag-create", new("theme", ("a", "1"))).status_code == 302


def test_tags_are_words_between_commas(visitor: Visitor) -> None:
    visitor.post("flag-create", new("it", ("a", "1"), tags=" checkout, q3,, checkout "))
    assert Flag.objects.get(key="it").tags == ["checkout", "q3"]


def test_owner_and_exposure_are_kept(visitor: Visitor) -> None:
    visitor.post("flag-create", new("it", ("a", "1"), owner=visitor.user.pk, client_exposed="on"))
    flag = Flag.objects.get(key="it")
    assert (flag.owner, flag.client_exposed) == (visitor.user, True)


# Edit


def edit(flag: Flag, *rows: tuple[str, str], **fields: Any) -> dict[str, Any]:
    known = {"version": flag.version, "name": flag.name, "purpose": flag.purpose}
    return {**known, **variants(*rows, initial=len(rows)), **fields}


def test_the_edit_page_is_filled_in(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark", name="Dark", tags=["ui", "q3"])
    page = visitor.get("flag-edit", key="dark")
    shows(page, 'value="ui, q3"', 'name="variants-0-key" value="on"', "true", 'name="variants-4-key"')
    assert 'name="key"' not in text(page)


def test_an_edit_saves_and_leads_back(project: Project, visitor: Visitor) -> None:
    flag = make_flag(project=project, key="dark")
    sent = edit(flag, ("on", "true"), ("off", "false"), name="Night", tags="ui", client_exposed="on")
    unexplained = visitor.post("flag-edit", sent, key="dark")
    assert unexplained.status_code == 422
    shows(unexplained, "This reaches users of a protected environment: say why.")
    sent["reason"] = "launch"
    assert visitor.post("flag-edit", sent, key="dark").url == visitor.url("flag-detail", key="dark")
    flag.refresh_from_db()
    assert (flag.name, flag.tags, flag.client_exposed, flag.version) == ("Night", ["ui"], True, 2)


def test_an_edit_without_a_change_is_no_error(project: Project, visitor: Visitor) -> None:
    flag = make_flag(project=project, key="dark")
    assert visitor.post("flag-edit", edit(flag, ("on", "true"), ("off", "false")), key="dark").status_code == 302
    flag.refresh_from_db()
    assert flag.version == 1


def test_a_variant_that_is_still_served_cannot_go(project: Project, visitor: Visitor) -> None:
    flag = make_flag(project=project, key="dark")
    page = visitor.post("flag-edit", edit(flag, ("", ""), ("off", "false"), reason="tidy"), key="dark")
    assert page.status_code == 422
    shows(page, "An environment still serves a variant that would be gone")
    assert flag.variants.count() == 2


def test_a_stale_edit_keeps_the_input_and_stands_on_the_new_version(project: Project, visitor: Visitor) -> None:
    flag = make_flag(project=project, key="dark")
    sent = edit(flag, ("on", "true"), ("off", "false"), name="Mine")
    services.update_flag(
        flag_id=flag.pk, fields={"name": "Theirs"}, actor=ACTOR, at=AT, expected_version=None, reason="renamed"
    )
    page = visitor.post("flag-edit", sent, key="dark")
    assert page.status_code == 409
    shows(page, "changed this while you were here", 'value="Mine"', 'name="version" value="2"', "Theirs", ACTOR.label)
    sent["version"] = 2
    assert visitor.post("flag-edit", sent, key="dark").status_code == 302

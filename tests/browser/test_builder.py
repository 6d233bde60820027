"""The rules builder in a real browser: with controls, as JSON, by keyboard, without scripts, and what is refused."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.core.models import Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus, FlagType
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState, Segment
from tests.browser.axe import violations
from tests.browser.conftest import Open
from tests.factories import ACTOR, AT, make_flag, make_segment, state_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production"
RULES = f"{SCOPE}/flags/dark/rules/"
GERMANS = {"attr": ["country"], "op": "in", "value": ["DE", "AT"]}
EVERY = {
    "all": [
        GERMANS,
        {"not": {"attr": ["plan", "name"], "op": "in", "value": ["free"], "ignore_case": True}},
        {"attr": ["email"], "op": "ends_with", "value": ["@a.com"], "if_missing": True},
        {"attr": ["email"], "op": "regex", "value": "^a.*\\.com$"},
        {"attr": ["seats"], "op": "in", "value": [1, 2.5]},
        {"attr": ["seats"], "op": "gte", "value": 10},
        {"attr": ["seats"], "op": "between", "value": [1, 9.5]},
        {"attr": ["beta"], "op": "in", "value": [True]},
        {"attr": ["created"], "op": "before", "value": "2026-01-05T09:00:00+00:00"},
        {"attr": ["created"], "op": "newer_than", "value": 604800},
        {"attr": ["app"], "op": "semver_caret", "value": "2.1.0"},
        {"attr": ["ip"], "op": "cidr", "value": ["10.0.0.0/8"]},
        {"attr": ["tags"], "op": "has_all", "value": ["a", 1, True]},
        {"attr": ["tags"], "op": "size", "value": [1, 3]},
        {"not": {"attr": ["a.b", "c"], "op": "exists"}},
        {"any": [{"segment": ["internal", "all"]}, {"not": {"segment": ["internal"]}}]},
        {"none": [GERMANS]},
        {"not": {"all": [GERMANS]}},
    ]
}


def rule(name: str, when: object = None, serve: object = None, **window: object) -> dict[str, Any]:
    return {"id": name, "when": when, "serve": serve or {"variant": "on"}, **window}


def serve(project: Project, rules: list[dict[str, Any]], **fields: Any) -> FlagState:
    state = state_in(make_flag(project=project, key="dark", **fields))
    change = Change(status=FlagStatus.ON, rules=parse_rules(rules), default_variant=fields.get("default", "off"))
    return services.set_state(state_id=state.pk, change=change, actor=ACTOR, reason="x", at=AT, expected_version=None)


def again(state: FlagState) -> FlagState:
    return FlagState.objects.get(pk=state.pk)


def apply(page: Page) -> None:
    page.get_by_role("button", name="Review change in Production").click()
    page.get_by_label("Reason").fill("new rules")
    page.get_by_role("button", name="Apply to Production").click()
    page.get_by_role("heading", name="History").wait_for()


def test_rules_are_built_previewed_reviewed_and_applied(tab: Open, project: Project) -> None:
    make_segment(project=project, key="internal")
    state = serve(project, [])
    page = tab(role="Product").open(RULES)
    expect(page.get_by_text("No rules: everybody gets the variant below.")).to_be_visible()
    page.get_by_role("button", name="Add a rule").click()
    expect(page.get_by_label("Name of the rule")).to_be_focused()
    page.get_by_label("Name of the rule").fill("german")
    page.get_by_role("button", name="Add a condition").click()
    expect(page.get_by_label("Attribute", exact=True)).to_be_focused()
    page.get_by_label("Attribute", exact=True).fill("country")
    page.get_by_label("Values").fill("DE")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Values")).to_be_focused()
    page.keyboard.type("AT")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="german: If country is DE or AT, serve on")).to_be_visible()
    page.get_by_role("button", name="Add a condition").click()
    second = page.get_by_role("group", name="Condition", exact=True).nth(1)
    second.get_by_label("Attribute", exact=True).fill("plan.name")
    second.get_by_label("Comparison").select_option(label="is not")
    second.get_by_label("Values").fill("free")
    second.get_by_role("button", name="Add value").click()
    page.get_by_role("button", name="Add segments").click()
    page.get_by_label("internal").check()
    page.get_by_label("Serve", exact=True).select_option(label="a split in per cent")
    page.get_by_role("textbox", name="on", exact=True).fill("25")
    expect(page.get_by_text("The shares add up to 25 %: 75 % is missing.")).to_be_visible()
    page.get_by_role("textbox", name="off", exact=True).fill("75")
    page.get_by_label("User id").fill("u-1")
    page.get_by_text("More context", exact=True).click()
    page.get_by_label("More context (JSON)").fill('{"country": "FR"}')
    expect(page.locator("#preview")).to_contain_text("user u-1: off, because no rule matched")
    apply(page)
    assert again(state).rules == [
        rule(
            "german",
            {
                "all": [
                    {"attr": ["country"], "op": "in", "value": ["DE", "AT"]},
                    {"not": {"attr": ["plan", "name"], "op": "in", "value": ["free"]}},
                    {"segment": ["internal"]},
                ]
            },
            {"split": [["on", 25_000], ["off", 75_000]]},
        )
    ]


def test_every_form_of_rule_is_shown_and_comes_back_as_it_was(tab: Open, project: Project) -> None:
    make_segment(project=project, key="internal")
    window = {"starts_at": "2026-03-01T09:00:00+00:00", "ends_at": None}
    split = {"split": [["on", 12_500], ["off", 87_500]], "by": ["org", "id"], "fallback_by": ["targetingKey"]}
    rules = [rule("all-kinds", EVERY, split), rule("later", None, window=window)]
    state = serve(project, rules)
    page = tab(role="Product").open(RULES)
    for name in ("all-kinds", "later"):  # an edit, so that the rules are written anew and not kept as they were read
        page.locator(".builder-toggle", has_text=name).click()
        page.locator('input[data-control="id"]:visible').last.fill(f"{name}-2")
    apply(page)
    assert again(state).rules == [{**one, "id": f"{one['id']}-2"} for one in rules]


def test_what_nobody_touched_is_sent_as_it_was(tab: Open, project: Project) -> None:
    make_segment(project=project, key="internal")
    odd = {"not": {"not": {"all": [{"not": {"any": [GERMANS]}}]}}}
    state = serve(project, [rule("odd", odd), rule("rest")])
    page = tab(role="Product").open(RULES)
    page.get_by_role("button", name="Move down odd").click()
    apply(page)
    assert again(state).rules == [rule("rest"), rule("odd", odd)]


def test_rules_are_moved_copied_and_removed_and_the_focus_follows(tab: Open, project: Project) -> None:
    state = serve(project, [rule("a"), rule("b", GERMANS), rule("c")])
    page = tab(role="Product").open(RULES)
    status = page.locator("[data-status]")
    page.get_by_role("button", name="Move up c").press("Enter")
    expect(page.get_by_role("button", name="Move up c")).to_be_focused()
    expect(status).to_have_text("c is now number 2 of 3.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Move down c")).to_be_focused()  # it is the first: up is no way
    page.get_by_role("button", name="Duplicate b").press("Enter")
    expect(page.get_by_label("Name of the rule")).to_be_focused()
    expect(page.get_by_label("Name of the rule")).to_have_value("b-copy")
    expect(page.get_by_text("4 of 100 rules")).to_be_visible()
    page.get_by_role("button", name="Remove a", exact=True).press("Enter")
    expect(page.locator(".builder-toggle", has_text="b:")).to_be_focused()
    expect(status).to_have_text("Removed a.")
    apply(page)
    assert [(one["id"], one["when"]) for one in again(state).rules] == [
        ("c", None),
        ("b", GERMANS),
        ("b-copy", GERMANS),
    ]


def test_json_and_controls_are_two_views_of_the_same(tab: Open, project: Project) -> None:
    state = serve(project, [rule("german", GERMANS)])
    page = tab(role="Product").open(RULES)
    switch = page.get_by_role("button", name="Edit as JSON")
    area = page.get_by_label("Rules as JSON")
    page.get_by_label("Name of the rule").fill("renamed")
    switch.click()
    expect(area).to_be_focused()
    assert '"id": "renamed"' in area.input_value()
    area.fill('[\n  {"id": "x",\n   oops}\n]')
    switch.click()
    expect(page.get_by_text("This is not JSON: line 3, column 4.")).to_be_visible()
    expect(area).to_be_focused()
    area.fill('[{"id": "x", "when": {"attr": ["a"], "op": "like", "value": 1}, "serve": {"variant": "on"}}]')
    switch.click()
    expect(page.get_by_text("rules[0].when: the builder cannot show this.")).to_be_visible()
    area.fill('[{"id": "x", "when": null, "serve": {"variant": "on"}}]')
    switch.click()
    expect(page.get_by_label("Name of the rule")).to_have_value("x")
    apply(page)
    assert again(state).rules == [rule("x")]


def test_what_the_server_refuses_is_told_at_the_very_control(tab: Open, project: Project) -> None:
    serve(project, [rule("first"), rule("german", {"all": [GERMANS, {"attr": ["age"], "op": "gt", "value": 1}]})])
    page = tab(role="Product").open(RULES)
    page.locator(".builder-toggle", has_text="german").click()
    condition = page.get_by_role("group", name="Condition", exact=True).nth(1)
    condition.get_by_label("Number").fill("many")
    condition.get_by_label("Attribute", exact=True).fill("")
    page.get_by_role("button", name="Review change in Production").click()
    summary = page.locator(".error-summary")
    expect(summary).to_contain_text("rules[1].when.all[1].attr[0]")
    link = summary.get_by_role("link", name="rules[1].when.all[1].attr[0]")
    link.click()
    expect(condition.get_by_label("Attribute", exact=True)).to_be_focused()
    expect(condition.get_by_label("Attribute", exact=True)).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []
    condition.get_by_label("Attribute", exact=True).fill("age")
    expect(condition.get_by_label("Attribute", exact=True)).not_to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Review change in Production").click()
    summary.get_by_role("link", name="rules[1].when.all[1].value: must be a finite number").click()
    expect(condition.get_by_label("Number")).to_be_focused()


def test_shares_and_names_are_judged_at_their_controls(tab: Open, project: Project) -> None:
    serve(project, [rule("a"), rule("b", None, {"split": [["on", 25_000], ["off", 75_000]]})])
    page = tab(role="Product").open(RULES)
    page.locator(".builder-toggle", has_text="b").click()
    page.get_by_role("textbox", name="off", exact=True).fill("70")
    page.get_by_label("Name of the rule").fill("a")
    page.get_by_role("button", name="Review change in Production").click()
    page.get_by_role("link", name="the weights add up to 95 %").click()
    expect(page.get_by_role("textbox", name="on", exact=True)).to_be_focused()
    page.get_by_role("link", name="'a' is used twice").click()
    expect(page.get_by_label("Name of the rule")).to_be_focused()


def test_limits_are_told_before_they_are_hit(tab: Open, project: Project) -> None:
    deep: Any = GERMANS
    for _level in range(7):
        deep = {"any": [deep]}
    serve(project, [rule("deep", deep), *(rule(f"r{n}") for n in range(98))])
    page = tab(role="Product").open(RULES)
    expect(page.get_by_text("99 of 100 rules")).to_be_visible()
    page.get_by_role("button", name="Add a rule").click()
    expect(page.get_by_text("100 of 100 rules")).to_be_visible()
    expect(page.get_by_role("button", name="Add a rule")).to_be_disabled()
    expect(page.get_by_role("button", name="Duplicate r1", exact=True)).to_be_disabled()
    page.locator(".builder-toggle", has_text="deep").click()
    innermost = page.get_by_role("button", name="Add a group")
    expect(innermost.first).to_be_disabled()
    expect(innermost.last).to_be_enabled()


def test_long_lists_are_lines_and_bad_numbers_are_told_at_once(tab: Open, project: Project) -> None:
    many = {"attr": ["id"], "op": "in", "value": [f"v{n}" for n in range(150)]}
    state = serve(project, [rule("a", {"all": [many, {"attr": ["n"], "op": "in", "value": [1]}]})])
    page = tab(role="Product").open(RULES)
    lines = page.get_by_label("Values, one a line")
    expect(page.get_by_text("150 of 5,000 values")).to_be_visible()
    lines.fill("x\n\n y \n")
    numbers = page.get_by_role("group", name="Condition", exact=True).nth(1)
    numbers.get_by_label("Values").fill("two")
    page.keyboard.press("Enter")
    expect(page.get_by_text("two is no number.")).to_be_visible()
    numbers.get_by_label("Values").fill("2,5")
    page.keyboard.press("Enter")
    numbers.get_by_role("button", name="Remove 1").click()
    apply(page)
    assert [one["value"] for one in again(state).rules[0]["when"]["all"]] == [["x", "y"], [2.5]]


def test_keep_editing_brings_the_unsaved_rules_back(tab: Open, project: Project) -> None:
    serve(project, [rule("a")])
    page = tab(role="Product").open(RULES)
    page.get_by_label("Name of the rule").fill("unsaved")
    page.get_by_role("button", name="Review change in Production").click()
    page.get_by_role("button", name="Keep editing").click()
    expect(page.get_by_label("Name of the rule")).to_have_value("unsaved")


def test_a_rule_by_keyboard_alone(tab: Open, project: Project) -> None:
    state = serve(project, [])
    page = tab(role="Product").open(RULES)
    press_tab_to(page, "Add a rule")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("keyboard")
    press_tab_to(page, "Add a condition")
    page.keyboard.press("Enter")
    page.keyboard.type("plan")
    page.keyboard.press("Tab")
    page.keyboard.type("starts")  # the select goes to the first option that begins so
    page.keyboard.press("Tab")
    page.keyboard.type("pro")
    page.keyboard.press("Tab")  # leaving takes the value
    expect(page.get_by_role("button", name="keyboard: If plan starts with pro, serve on")).to_be_visible()
    press_tab_to(page, "Review change in Production")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What changes").wait_for()
    page.get_by_label("Reason").fill("by keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="History").wait_for()
    assert again(state).rules == [rule("keyboard", {"attr": ["plan"], "op": "starts_with", "value": ["pro"]})]


def test_rules_are_typed_as_json_without_scripts(tab: Open, project: Project) -> None:
    state = serve(project, [rule("a")])
    page = tab(role="Product", scripts=False).open(RULES)
    area = page.get_by_label("Rules as JSON")
    area.fill("[")
    page.get_by_role("button", name="Review change in Production").click()
    expect(page.get_by_role("alert").first).to_contain_text("This is not JSON: line 1")
    area.fill('[{"id": "plain", "when": null, "serve": {"variant": "on"}}]')
    page.get_by_role("button", name="Update preview").click()
    expect(page.locator("#preview")).to_contain_text("Everyone gets on")
    apply(page)
    assert again(state).rules == [rule("plain")]


def test_a_segment_gets_its_rule_from_the_same_builder(tab: Open, project: Project) -> None:
    segment = make_segment(project=project, key="europeans")
    make_segment(project=project, key="other")
    serve(project, [rule("r", {"segment": ["europeans"]})])
    page = tab(role="Product").open(f"{SCOPE}/segments/europeans/")
    page.get_by_role("link", name="Add a rule").click()
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Attribute", exact=True).fill("country")
    page.get_by_label("Values").fill("DE")
    page.keyboard.press("Enter")
    expect(page.locator("#preview")).to_contain_text("belong to the segment if country is DE")
    page.get_by_text("More context", exact=True).click()
    page.get_by_label("More context (JSON)").fill('{"country": "DE"}')
    expect(page.locator("#preview")).to_contain_text("belongs to the segment by this rule")
    page.get_by_role("button", name="Add segments").click()
    expect(page.get_by_label("europeans", exact=False)).to_have_count(0)
    page.get_by_role("button", name="Remove condition").last.click()
    page.get_by_role("button", name="Review the rule").click()
    expect(page.get_by_role("link", name="dark")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Reason").fill("launch")
    page.get_by_role("button", name="Apply to all environments").click()
    expect(page.get_by_text("belong to the segment if country is DE")).to_be_visible()
    assert Segment.objects.get(pk=segment.pk).rule == {"attr": ["country"], "op": "in", "value": ["DE"]}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_the_builder_has_no_violation_and_fits(tab: Open, project: Project, scheme: str, width: int) -> None:
    make_segment(project=project, key="internal", rule=GERMANS)
    values = (("a", "A"), ("b", "B"), ("c", "C"))
    state = state_in(make_flag(project=project, key="dark", type=FlagType.STRING, variants=values))
    split = {"split": [["a", 25_000], ["b", 75_000]], "by": ["org"]}
    change = Change(rules=parse_rules([rule("all-kinds", EVERY, split)]))
    services.set_state(state_id=state.pk, change=change, actor=ACTOR, reason="x", at=AT, expected_version=None)
    at = tab(scheme=scheme, width=width)
    for path in (RULES, f"{SCOPE}/segments/internal/rule/", f"{SCOPE}/segments/internal/import/"):
        page = at.open(path)
        if path == RULES:
            page.get_by_text("all-kinds: If").wait_for()
        at.check()
        assert violations(page) == []
        at.complaints.clear()
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page = at.open(RULES)
    page.get_by_role("button", name="Edit as JSON").click()
    assert violations(page) == []
    at.complaints.clear()


def press_tab_to(page: Page, words: str) -> None:
    for _press in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("(document.activeElement.innerText || '').trim()") == words:
            return
    raise AssertionError(f"{words!r} cannot be reached with Tab")

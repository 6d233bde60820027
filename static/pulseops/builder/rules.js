// The list of rules: one sentence each, opened to edit it, moved, duplicated and removed.

import { groupEditor } from "./conditions.js";
import { depthOf } from "./model.js";
import { control, fill, idOf, part, slot, tellFault } from "./parts.js";
import { serveEditor, windowEditor } from "./serve.js";

export function rulesEditor(builder) {
  const made = part("rules", "builder");
  const { rules } = builder;
  const { limits, words } = builder.offer;
  slot(made, "empty").hidden = rules.length > 0;
  slot(made, "count").textContent = rules.length ? fill(words.rules, { count: rules.length, limit: limits.rules }) : "";
  const add = control(made, "add");
  add.disabled = rules.length >= limits.rules;
  add.addEventListener("click", () => {
    const rule = { ...builder.model.newRule(freeName(builder, words.new)), open: true };
    rules.push(rule);
    builder.changed(rule);
    builder.draw(idOf(rule.id, "id"));
    builder.say(words.added, { what: rule.name });
  });
  slot(made, "list").append(...rules.map((rule, n) => ruleEditor(builder, rule, n))); // last: they hold such slots too
  return made;
}

function freeName(builder, pattern, values = {}) {
  const taken = new Set(builder.rules.map((rule) => rule.name));
  for (let n = builder.rules.length + 1; ; n += 1) {
    const name = fill(pattern, { n, ...values });
    if (!taken.has(name)) return name;
    if (!pattern.includes("%(n)s")) return freeName(builder, `${name}-%(n)s`);
  }
}

function ruleEditor(builder, rule, n) {
  const made = part("rule", rule.id);
  const toggle = control(made, "toggle");
  slot(made, "number").textContent = `${n + 1}.`;
  tellSentence(builder, rule, made);
  for (const name of made.querySelectorAll("[data-name]")) name.textContent = rule.name;
  toggle.setAttribute("aria-expanded", String(Boolean(rule.open)));
  toggle.addEventListener("click", () => {
    rule.open = !rule.open;
    builder.draw(toggle.id);
  });
  if (rule.open) slot(made, "body").append(bodyOf(builder, rule));
  slot(made, "body").hidden = !rule.open;
  moves(builder, rule, n, made);
  for (const fault of rule.faults.filter((one) => !/^(id|window)/.test(one.field))) tellFault(toggle, fault);
  return made;
}

export function tellSentence(builder, rule, made) {
  const sentence = rule.sentence || (rule.touched ? builder.offer.words.incomplete : "");
  slot(made, "sentence").textContent = sentence ? `${rule.name}: ${sentence}` : rule.name;
}

function moves(builder, rule, n, made) {
  const { rules } = builder;
  const { words, limits } = builder.offer;
  const [up, down, copy, remove] = ["up", "down", "copy", "remove"].map((name) => control(made, name));
  up.disabled = n === 0;
  down.disabled = n === rules.length - 1;
  copy.disabled = rules.length >= limits.rules;
  const move = (by) => {
    rules.splice(n + by, 0, ...rules.splice(n, 1));
    builder.changed();
    const [same, other] = by < 0 ? ["up", "down"] : ["down", "up"];
    builder.draw(idOf(rule.id, same), idOf(rule.id, other));
    builder.say(words.moved, { what: rule.name, n: n + by + 1, count: rules.length });
  };
  up.addEventListener("click", () => move(-1));
  down.addEventListener("click", () => move(1));
  copy.addEventListener("click", () => {
    const twin = { ...builder.model.copyOf(rule, freeName(builder, words.copy, { id: rule.name })), open: true };
    rules.splice(n + 1, 0, twin);
    builder.changed(twin);
    builder.draw(idOf(twin.id, "id"));
    builder.say(words.added, { what: twin.name });
  });
  remove.addEventListener("click", () => {
    rules.splice(n, 1);
    builder.changed();
    const next = rules[n] ?? rules[n - 1];
    builder.draw(next ? idOf(next.id, "toggle") : "builder-add");
    builder.say(words.removed, { what: rule.name });
  });
}

function bodyOf(builder, rule) {
  const made = part("rule-body", rule.id);
  const name = control(made, "id");
  name.value = rule.name;
  name.maxLength = builder.offer.limits.key;
  name.addEventListener("input", () => {
    rule.name = name.value;
    builder.changed(rule);
  });
  for (const fault of rule.faults.filter((one) => one.field === "id")) tellFault(name, fault);
  slot(made, "when").append(groupEditor(builder, rule.when, 1));
  slot(made, "serve").append(serveEditor(builder, rule.serve));
  windowEditor(builder, rule, made);
  return made;
}

// Told before the server has to.
export function depthWords(builder, raw) {
  const { limits, words } = builder.offer;
  const depth = depthOf(raw);
  return depth > limits.depth ? fill(words.too_deep, { depth, limit: limits.depth }) : "";
}

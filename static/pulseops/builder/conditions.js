// A tree of conditions: groups, comparisons and segments, each with its controls.

import { emptyValue } from "./model.js";
import { control, fill, idOf, options, part, slot, tellFault, textOf } from "./parts.js";
import { valueEditor } from "./values.js";

const FIRST = { comparison: "attr", segment: "negated", group: "type" }; // the control that gets the focus

// `level` is how deep this group is, the outermost being 1; `remove` takes it away, where it can be.
export function groupEditor(builder, node, level, remove) {
  const made = part("group", node.id);
  const type = control(made, "type");
  type.value = node.type;
  type.addEventListener("input", () => {
    node.type = type.value;
    builder.changed(node);
  });
  const remover = control(made, "remove");
  if (remove) remover.addEventListener("click", remove);
  else remover.remove();
  slot(made, "empty").textContent = level === 1 ? textOf("everyone") : "";
  slot(made, "empty").hidden = node.items.length > 0;
  adders(builder, node, level, made);
  tellRoom(builder, node, slot(made, "count"));
  for (const fault of node.faults) tellFault(type, fault);
  node.items.forEach((item, n) => { // last: they hold controls of these names too
    const row = document.createElement("li");
    row.append(editorOf(builder, item, level + 1, () => removeItem(builder, node, n)));
    slot(made, "items").append(row);
  });
  return made;
}

// Told before the group is full.
function tellRoom(builder, { items }, hint) {
  const { limits, words } = builder.offer;
  const near = items.length > limits.items * 0.8;
  hint.textContent = near ? fill(words.items, { count: items.length, limit: limits.items }) : "";
}

function editorOf(builder, node, level, remove) {
  if (node.kind === "group") return groupEditor(builder, node, level, remove);
  return node.kind === "segment" ? segmentEditor(builder, node, remove) : comparisonEditor(builder, node, remove);
}

function adders(builder, group, level, made) {
  const { limits, words } = builder.offer;
  const full = group.items.length >= limits.items;
  const kinds = {
    comparison: [() => builder.model.newComparison(), words.condition],
    segment: [() => builder.model.newSegment(), words.condition],
    group: [() => builder.model.newGroup(), words.group],
  };
  for (const [name, [create, what]] of Object.entries(kinds)) {
    const button = control(made, `add-${name}`);
    button.disabled = full || (name === "group" && level + 2 > limits.depth);
    button.addEventListener("click", () => {
      const node = create();
      group.items.push(node);
      builder.changed(node, group);
      builder.draw(idOf(node.id, FIRST[name]));
      builder.say(words.added, { what });
    });
  }
}

function removeItem(builder, group, n) {
  const [removed] = group.items.splice(n, 1);
  builder.changed(group);
  const next = group.items[n] ?? group.items[n - 1];
  builder.draw(next ? idOf(next.id, FIRST[next.kind]) : idOf(group.id, "add-comparison"));
  const { words } = builder.offer;
  builder.say(words.removed, { what: removed.kind === "group" ? words.group : words.condition });
}

function segmentEditor(builder, node, remove) {
  const made = part("segment", node.id);
  const negated = control(made, "negated");
  negated.value = node.negated ? "yes" : "no";
  negated.addEventListener("input", () => {
    node.negated = negated.value === "yes";
    builder.changed(node);
  });
  control(made, "remove").addEventListener("click", remove);
  const known = builder.offer.segments;
  const unknown = node.keys.filter((key) => !known.some((one) => one.key === key)).map((key) => ({ key, name: key }));
  for (const { key, name } of [...known, ...unknown]) {
    const choice = part("choice");
    const box = choice.querySelector("input");
    box.id = idOf(node.id, `segment-${key}`);
    box.checked = node.keys.includes(key);
    box.addEventListener("input", () => {
      node.keys = box.checked ? [...node.keys, key] : node.keys.filter((one) => one !== key);
      builder.changed(node);
    });
    choice.querySelector("span").textContent = name === key ? key : `${key} (${name})`;
    slot(made, "choices").append(choice);
  }
  for (const fault of node.faults) tellFault(negated, fault);
  return made;
}

function comparisonEditor(builder, node, remove) {
  const made = part("comparison", node.id);
  const [attr, op] = [control(made, "attr"), control(made, "op")];
  attr.value = node.attr;
  attr.addEventListener("input", () => {
    node.attr = attr.value;
    builder.changed(node);
  });
  offerComparisons(builder, node, op);
  op.addEventListener("input", () => {
    choose(builder, node, op.value);
    builder.changed(node);
    builder.draw(op.id);
  });
  control(made, "remove").addEventListener("click", remove);
  slot(made, "value").append(valueEditor(builder, node));
  policies(builder, node, made);
  const at = { "": op, attr, op, ignore_case: control(made, "ignore_case"), if_missing: control(made, "if_missing") };
  for (const fault of node.faults) {
    const [, name, index] = /^(\w*)(?:\[(\d+)\])?/.exec(fault.field);
    const editor = slot(made, "value").querySelectorAll("input, select, textarea");
    const pair = node.choice.editor === "bounds" || node.choice.editor === "sizes";
    tellFault(at[name] ?? (pair ? editor[index] : null) ?? editor[0] ?? op, fault, itemWords(node, index, pair));
  }
  return made;
}

// Which value of a list is meant.
const itemWords = (node, index, pair) => (index === undefined || pair || !Array.isArray(node.value) ? "" : `${node.value[index]}: `);

function offerComparisons(builder, node, select) {
  for (const { kind, label, choices } of builder.offer.kinds) {
    const group = document.createElement("optgroup");
    group.label = label;
    for (const [n, choice] of choices.entries()) {
      choice.phrases.forEach((phrase, opposite) => {
        const chosen = choice === node.choice && Boolean(opposite) === node.negated;
        options(group, [[`${kind} ${n} ${opposite}`, phrase]], chosen ? `${kind} ${n} ${opposite}` : null);
      });
    }
    select.append(group);
  }
}

// A value that the new comparison can take stays.
function choose(builder, node, text) {
  const [kind, n, opposite] = text.split(" ");
  const before = node.choice.editor;
  node.choice = builder.offer.kinds.find((one) => one.kind === kind).choices[Number(n)];
  node.negated = opposite === "1";
  const texts = (editor) => editor === "texts" || editor === "networks";
  if (before !== node.choice.editor && !(texts(before) && texts(node.choice.editor))) node.value = emptyValue(node.choice.editor);
}

// What a missing attribute comes to is told of the whole, so a negated comparison turns it round.
function policies(builder, node, made) {
  const [ignore, missing] = [control(made, "ignore_case"), control(made, "if_missing")];
  ignore.checked = node.ignoreCase;
  ignore.addEventListener("input", () => {
    node.ignoreCase = ignore.checked;
    builder.changed(node);
  });
  missing.value = node.ifMissing !== node.negated ? "yes" : "no";
  missing.addEventListener("input", () => {
    node.ifMissing = (missing.value === "yes") !== node.negated;
    builder.changed(node);
  });
  slot(made, "case").hidden = !node.choice.ignores_case;
  slot(made, "missing").hidden = !node.choice.asks_about_missing;
}

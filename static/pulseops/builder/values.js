// How each kind of value is typed in. `node.value` holds what was typed; model.js turns it into JSON.

import { asNumber } from "./model.js";
import { control, fill, idOf, nextId, part, slot } from "./parts.js";

const CHIPS_AT_MOST = 100; // longer lists are lines of text

export function valueEditor(builder, node) {
  const { editor } = node.choice;
  if (editor === "texts" || editor === "numbers" || editor === "networks") return listEditor(builder, node);
  if (editor === "bounds" || editor === "sizes") return pairEditor(builder, node);
  if (editor === "duration") return durationEditor(builder, node);
  if (editor === "nothing") return part("nothing");
  const made = part(editor, node.id);
  const input = control(made, "value");
  input.value = String(node.value);
  if (editor === "pattern") input.maxLength = builder.offer.limits.pattern;
  input.addEventListener("input", () => {
    node.value = editor === "boolean" ? input.value === "true" : input.value;
    builder.changed(node);
  });
  return made;
}

function pairEditor(builder, node) {
  const made = part("pair", node.id);
  ["low", "high"].forEach((name, n) => {
    const input = control(made, name);
    input.value = node.value[n];
    input.addEventListener("input", () => {
      node.value[n] = input.value;
      builder.changed(node);
    });
  });
  return made;
}

function durationEditor(builder, node) {
  const made = part("duration", node.id);
  const [count, unit] = ["count", "unit"].map((name) => control(made, name));
  count.value = node.value.count;
  unit.value = String(node.value.unit);
  made.addEventListener("input", () => {
    node.value = { count: count.value, unit: Number(unit.value) };
    builder.changed(node);
  });
  return made;
}

function listEditor(builder, node) {
  const plain = node.value.every((value) => typeof value === expected(node));
  return plain && node.value.length > CHIPS_AT_MOST ? linesEditor(builder, node) : chipsEditor(builder, node);
}

const expected = (node) => (node.choice.editor === "numbers" ? "number" : "string");

function linesEditor(builder, node) {
  const made = part("lines", node.id);
  const area = control(made, "lines");
  area.value = node.value.join("\n");
  const count = () => tellCount(builder, node, slot(made, "count"));
  area.addEventListener("input", () => {
    const lines = area.value.split("\n").map((line) => line.trim()).filter(Boolean);
    node.value = node.choice.editor === "numbers" ? lines.map(asNumber) : lines;
    count();
    builder.changed(node);
  });
  count();
  return made;
}

function chipsEditor(builder, node) {
  const made = part("chips", node.id);
  const [input, add, count] = [control(made, "new"), control(made, "add"), slot(made, "count")];
  count.id = idOf(node.id, "count");
  input.setAttribute("aria-describedby", count.id);
  for (const [n, value] of node.value.entries()) slot(made, "chips").append(chip(builder, node, value, n));
  const take = (text, draw = () => builder.draw(input.id)) => {
    const refused = addValues(builder, node, text);
    count.textContent = refused;
    if (refused) return;
    input.value = "";
    draw();
  };
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !input.value.trim()) return;
    event.preventDefault(); // Enter adds the value; it does not go to the review
    take(input.value);
  });
  input.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    if (!text.trim().includes("\n")) return;
    event.preventDefault();
    take(text);
  });
  input.addEventListener("input", (event) => event.stopPropagation()); // nothing has changed until it is added
  input.addEventListener("change", () => input.value.trim() && take(input.value, () => builder.drawSoon()));
  add.addEventListener("click", () => (input.value.trim() ? take(input.value) : input.focus()));
  tellCount(builder, node, count);
  return made;
}

// Adds each line as a value. Answers why not, or nothing when it was done.
function addValues(builder, node, text) {
  const { limits, words } = builder.offer;
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const values = node.choice.editor === "numbers" ? lines.map(asNumber) : lines;
  const bad = values.find((value) => typeof value !== expected(node));
  if (bad !== undefined) return fill(words.no_number, { value: bad });
  if (lines.some((line) => line.length > limits.text)) return fill(words.too_long, { limit: limits.text });
  const fresh = [...new Set(values)].filter((value) => !node.value.includes(value));
  if (node.value.length + fresh.length > limits.values) return fill(words.full, { limit: limits.values });
  node.value.push(...fresh);
  builder.changed(node);
  builder.say(words.added, { what: fresh.join(", ") });
  return "";
}

function chip(builder, node, value, n) {
  const made = part("chip", nextId());
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  slot(made, "text").textContent = shown;
  slot(made, "text").classList.toggle("chip-literal", typeof value !== "string");
  slot(made, "label").textContent = fill(builder.offer.words.value, { value: shown });
  made.querySelector("button").addEventListener("click", () => {
    node.value.splice(n, 1);
    builder.changed(node);
    builder.draw(idOf(node.id, "new"));
    builder.say(builder.offer.words.removed, { what: shown });
  });
  return made;
}

function tellCount(builder, node, hint) {
  const { limits, words } = builder.offer;
  const many = node.value.length > CHIPS_AT_MOST / 10;
  hint.textContent = many ? fill(words.values, { count: node.value.length, limit: limits.values.toLocaleString("en") }) : "";
}

// Rules and conditions as the builder edits them, read from JSON and written back. What a person did not touch is
// written exactly as it was read. Draws nothing.

import { nextId } from "./parts.js";

// JSON that the builder cannot show; it is edited as text then.
export class NotShown extends Error {
  constructor(path) {
    super(path);
    this.path = path;
  }
}

const UNITS = [86400, 3600, 60, 1];
const OPPOSITES = { all: "notall", notall: "all", any: "none", none: "any" };

export class Model {
  constructor(offer) {
    this.offer = offer;
    this.places = []; // [path in the JSON, node], for what the server has to say
  }

  // --- reading ---

  readRules(raw) {
    this.places = [];
    if (!Array.isArray(raw)) throw new NotShown("rules");
    return raw.map((rule, n) => this.readRule(rule, `rules[${n}]`));
  }

  readRule(raw, path) {
    if (!isObject(raw) || !isObject(raw.serve)) throw new NotShown(path);
    return {
      ...this.node("rule", path),
      raw,
      name: asText(raw.id ?? "", `${path}.id`),
      when: this.readRoot(raw.when ?? null, `${path}.when`),
      serve: this.readServe(raw.serve, `${path}.serve`),
      window: this.readWindow(raw.window ?? {}, `${path}.window`),
    };
  }

  // The outermost condition is always drawn as a group; `bare` remembers that the JSON has none around it.
  readRoot(raw, path) {
    const condition = raw === null ? null : this.readCondition(raw, path);
    if (condition?.kind === "group") return condition;
    return { ...this.node("group", path), type: "all", items: condition ? [condition] : [], bare: true };
  }

  readCondition(raw, path) {
    if (!isObject(raw)) throw new NotShown(path);
    for (const type of ["all", "any", "none"]) {
      if (!(type in raw)) continue;
      if (!Array.isArray(raw[type])) throw new NotShown(`${path}.${type}`);
      const node = { ...this.node("group", path), type };
      node.items = raw[type].map((item, n) => this.readCondition(item, `${path}.${type}[${n}]`));
      return node;
    }
    if ("not" in raw) return this.opposite(this.readCondition(raw.not, `${path}.not`), path);
    if ("segment" in raw) {
      if (!Array.isArray(raw.segment)) throw new NotShown(`${path}.segment`);
      return { ...this.node("segment", path), negated: false, keys: [...raw.segment] };
    }
    return this.readComparison(raw, path);
  }

  opposite(node, path) {
    this.places.push([path, node]);
    if (node.kind === "group") node.type = OPPOSITES[node.type];
    else node.negated = !node.negated;
    return node;
  }

  readComparison(raw, path) {
    const op = raw.op === "eq" ? "in" : raw.op;
    const value = raw.op === "eq" ? [raw.value] : raw.value;
    const choice = this.choiceOf(op, value);
    if (!choice || !Array.isArray(raw.attr)) throw new NotShown(path);
    return {
      ...this.node("comparison", path),
      attr: pathText(raw.attr),
      choice,
      negated: false,
      value: readValue(choice.editor, value, `${path}.value`),
      ignoreCase: raw.ignore_case === true,
      ifMissing: raw.if_missing === true,
    };
  }

  // The comparison that an operator stands for; `in` depends on what it compares with.
  choiceOf(op, value) {
    const wanted = op === "in" ? inEditor(value) : null;
    const all = this.offer.kinds.flatMap(({ choices }) => choices);
    return all.find((one) => one.op === op && (wanted === null || one.editor === wanted));
  }

  readServe(raw, path) {
    const serve = { ...this.node("serve", path), variant: raw.variant ?? this.offer.variants[0], shares: {}, by: "", fallbackBy: "" };
    serve.type = "split" in raw ? "split" : "variant";
    if (serve.type === "variant") return serve;
    if (!Array.isArray(raw.split)) throw new NotShown(`${path}.split`);
    for (const [variant, weight] of raw.split) {
      if (variant in serve.shares) throw new NotShown(`${path}.split`);
      serve.shares[variant] = typeof weight === "number" ? String(weight / (this.offer.limits.weight / 100)) : String(weight);
    }
    serve.by = raw.by ? pathText(raw.by) : "";
    serve.fallbackBy = raw.fallback_by ? pathText(raw.fallback_by) : "";
    return serve;
  }

  readWindow(raw, path) {
    const [startsAt, endsAt] = ["starts_at", "ends_at"].map((name) => readMoment(raw[name] ?? "", `${path}.${name}`));
    return { startsAt, endsAt };
  }

  node(kind, path) {
    const node = { kind, id: nextId(), faults: [] };
    if (path) this.places.push([path, node]);
    return node;
  }

  // Gives each fault to the part that it is about: the one with the longest path that leads there.
  place(faults) {
    const byLength = [...this.places].sort(([one], [other]) => other.length - one.length);
    return faults.map(([path, message]) => {
      const found = byLength.find(([place]) => path.startsWith(place) && /^($|[.[])/.test(path.slice(place.length)));
      if (!found) return null;
      const fault = { field: path.slice(found[0].length).replace(/^\./, ""), message };
      found[1].faults.push(fault);
      return { node: found[1], fault };
    });
  }

  // --- writing ---

  writeRule(rule) {
    if (!rule.touched) return rule.raw;
    const raw = { id: rule.name, when: this.writeRoot(rule.when), serve: this.writeServe(rule.serve) };
    const { startsAt, endsAt } = rule.window;
    if (startsAt || endsAt) raw.window = { starts_at: writeMoment(startsAt) || null, ends_at: writeMoment(endsAt) || null };
    return raw;
  }

  writeRoot(group) {
    if (!group.items.length) return null;
    const transparent = group.type === "all" || group.type === "any";
    return group.bare && transparent && group.items.length === 1
      ? this.writeCondition(group.items[0])
      : this.writeCondition(group);
  }

  writeCondition(node) {
    if (node.kind === "group") {
      const items = node.items.map((item) => this.writeCondition(item));
      return node.type === "notall" ? { not: { all: items } } : { [node.type]: items };
    }
    const plain = node.kind === "segment" ? { segment: node.keys } : this.writeComparison(node);
    return node.negated ? { not: plain } : plain;
  }

  writeComparison(node) {
    const raw = { attr: pathSteps(node.attr), op: node.choice.op };
    const value = writeValue(node.choice.editor, node.value);
    if (value !== undefined) raw.value = value;
    if (node.ignoreCase && node.choice.ignores_case) raw.ignore_case = true;
    if (node.ifMissing && node.choice.asks_about_missing) raw.if_missing = true;
    return raw;
  }

  writeServe(serve) {
    if (serve.type === "variant") return { variant: serve.variant };
    const raw = { split: [] };
    for (const [variant, share] of Object.entries(serve.shares)) {
      if (share.trim()) raw.split.push([variant, this.weightOf(share)]);
    }
    if (serve.by.trim()) raw.by = pathSteps(serve.by);
    if (serve.fallbackBy.trim()) raw.fallback_by = pathSteps(serve.fallbackBy);
    return raw;
  }

  // "12.5" per cent as a weight; what is no number stays as it is, and the server says so at its place.
  weightOf(share) {
    const number = asNumber(share);
    return typeof number === "number" ? Math.round(number * (this.offer.limits.weight / 100)) : share;
  }

  // --- new parts ---

  newRule(name) {
    const serve = { ...this.node("serve"), type: "variant", variant: this.offer.variants[0], shares: {}, by: "", fallbackBy: "" };
    return { ...this.node("rule"), name, when: this.readRoot(null), serve, window: { startsAt: "", endsAt: "" }, touched: true };
  }

  copyOf(rule, name) {
    const { serve, window } = rule;
    return { ...renewed(rule), name, serve: { ...renewed(serve), shares: { ...serve.shares } }, window: { ...window }, touched: true };
  }

  newComparison() {
    const [choice] = this.offer.kinds[0].choices;
    const value = emptyValue(choice.editor);
    return { ...this.node("comparison"), attr: "", choice, negated: false, value, ignoreCase: false, ifMissing: false };
  }

  newSegment() {
    return { ...this.node("segment"), negated: false, keys: [] };
  }

  newGroup() {
    return { ...this.node("group"), type: "any", items: [this.newComparison()] };
  }
}

// The same node once more, with another id, sharing nothing that is edited.
function renewed(node) {
  const copy = { ...node, id: nextId(), faults: [] };
  if (node.items) copy.items = node.items.map(renewed);
  if (node.when) copy.when = renewed(node.when);
  if (node.keys) copy.keys = [...node.keys];
  if (typeof node.value === "object") copy.value = structuredClone(node.value);
  return copy;
}

// How many conditions are inside one another, the outermost counted.
export function depthOf(raw) {
  if (raw === null) return 0;
  if (raw.not) return 1 + depthOf(raw.not);
  const items = raw.all ?? raw.any ?? raw.none ?? [];
  return 1 + Math.max(0, ...items.map(depthOf));
}

// --- values ---

export function emptyValue(editor) {
  if (editor === "texts" || editor === "numbers" || editor === "networks") return [];
  if (editor === "bounds" || editor === "sizes") return ["", ""];
  if (editor === "duration") return { count: "", unit: 86400 };
  return editor === "boolean" ? true : "";
}

function readValue(editor, value, path) {
  switch (editor) {
    case "texts":
    case "numbers":
    case "networks":
      if (!Array.isArray(value)) throw new NotShown(path);
      value.forEach((one, n) => checkScalar(one, `${path}[${n}]`));
      return [...value];
    case "boolean":
      return value[0];
    case "bounds":
    case "sizes":
      if (!Array.isArray(value) || value.length !== 2) throw new NotShown(path);
      return value.map((one, n) => numberText(one, `${path}[${n}]`));
    case "number":
      return numberText(value, path);
    case "duration": {
      const text = numberText(value, path);
      const unit = UNITS.find((one) => value % one === 0) ?? 1;
      return typeof value === "number" ? { count: String(value / unit), unit } : { count: text, unit: UNITS[0] };
    }
    case "moment":
      return readMoment(value, path);
    case "nothing":
      return null;
    default:
      return asText(value, path);
  }
}

function writeValue(editor, value) {
  switch (editor) {
    case "boolean":
      return [value];
    case "bounds":
    case "sizes":
      return value.map(asNumber);
    case "number":
      return asNumber(value);
    case "duration": {
      const count = asNumber(value.count);
      return typeof count === "number" ? count * value.unit : count;
    }
    case "moment":
      return writeMoment(value);
    case "nothing":
      return undefined;
    default:
      return value;
  }
}

function inEditor(values) {
  const all = (type) => Array.isArray(values) && values.length > 0 && values.every((one) => typeof one === type);
  if (all("number")) return "numbers";
  return all("boolean") && values.length === 1 ? "boolean" : "texts";
}

// A number where there is one, otherwise the text as it is: the server says what is wrong with it.
export function asNumber(text) {
  const number = Number(text.trim().replace(",", "."));
  return text.trim() && Number.isFinite(number) ? number : text;
}

// What is no number yet was typed so: it comes back from the server with what is wrong about it.
function numberText(value, path) {
  if (typeof value === "string") return value;
  if (typeof value !== "number" || Math.abs(value) > Number.MAX_SAFE_INTEGER) throw new NotShown(path);
  return String(value);
}

function checkScalar(value, path) {
  if (typeof value === "number") numberText(value, path);
  else if (typeof value !== "string" && typeof value !== "boolean") throw new NotShown(path);
}

function asText(value, path) {
  if (typeof value !== "string") throw new NotShown(path);
  return value;
}

// ISO 8601 as a datetime-local field shows it, in UTC; without an offset it is UTC already.
function readMoment(value, path) {
  if (value === "") return "";
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(value) || !String(value).includes("T") ? value : `${value}Z`;
  const moment = new Date(zoned);
  if (typeof value !== "string" || Number.isNaN(moment.getTime())) throw new NotShown(path);
  return moment.toISOString().replace(/(:00)?\.\d+Z$/, "");
}

const writeMoment = (text) => (text ? `${text.length === 16 ? `${text}:00` : text}Z` : "");

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// --- attribute paths: steps between dots; a dot inside a step is written \. ---

export const pathText = (steps) => steps.map((step) => String(step).replaceAll(/[\\.]/g, "\\$&")).join(".");

export function pathSteps(text) {
  const steps = [""];
  for (const [, escaped, dot, plain] of text.trim().matchAll(/\\(.)|(\.)|([^])/g)) {
    if (dot) steps.push("");
    else steps[steps.length - 1] += escaped ?? plain;
  }
  return steps;
}

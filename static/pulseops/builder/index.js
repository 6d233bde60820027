// The builder: rules or one condition, edited with controls in place of JSON. The JSON field is what is sent; it always
// holds what the controls say, and one click shows it.

import { groupEditor } from "./conditions.js";
import { Model, NotShown, pathText } from "./model.js";
import { fill, slot } from "./parts.js";
import { depthWords, rulesEditor, tellSentence } from "./rules.js";

class Builder {
  constructor(root) {
    this.offer = JSON.parse(document.getElementById("builder-offer").textContent);
    this.isRules = root.dataset.builder === "rules";
    this.model = new Model(this.offer);
    this.field = root.querySelector(`[name="${root.dataset.builder}"]`);
    this.form = root.closest("form");
    for (const name of ["drawn", "text", "text-fault", "switch", "status"]) this[name] = slot(root, name);
    this.read = this.isRules ? (raw) => this.readRules(raw) : (raw) => this.readRule(raw);
  }

  start() {
    this.suggestAttributes();
    this.switch.hidden = false;
    this.switch.addEventListener("click", () => this.toggle());
    this.form.addEventListener("previewed", () => this.takeSentences());
    if (!this.show()) return;
    this.linkFaults(this.model.place(this.offer.faults));
    this.takeSentences();
    this.draw();
  }

  // --- between JSON and controls ---

  // Whether the field's JSON can be shown with controls; if not, it says why and stays text.
  show() {
    try {
      this.read(JSON.parse(this.field.value.trim() || (this.isRules ? "[]" : "null")));
    } catch (error) {
      this.tell(error);
      this.showText(true);
      return false;
    }
    this.tell(null);
    this.showText(false);
    return true;
  }

  toggle() {
    if (this.text.hidden) {
      this.showText(true);
      this.field.focus();
    } else if (this.show()) {
      this.draw();
      this.switch.focus();
    } else {
      this.field.focus();
    }
  }

  showText(shown) {
    this.text.hidden = !shown;
    this.drawn.hidden = shown;
    this.switch.setAttribute("aria-pressed", String(shown));
  }

  tell(error) {
    const { words } = this.offer;
    this["text-fault"].hidden = error === null;
    if (error === null) return;
    const known = error instanceof NotShown || error instanceof SyntaxError;
    const form = error instanceof SyntaxError ? words.not_json : words.not_shown;
    this["text-fault"].textContent = fill(form, { path: error.path ?? this.field.name, ...placeOf(error, this.field.value) });
    if (!known) console.error(error);
  }

  readRules(raw) {
    this.rules = this.model.readRules(raw);
    if (this.rules.length === 1) this.rules[0].open = true;
  }

  readRule(raw) {
    this.model.places = [];
    this.root = this.model.readRoot(raw, "rule");
  }

  write() {
    const raw = this.isRules ? this.rules.map((rule) => this.model.writeRule(rule)) : this.model.writeRoot(this.root);
    this.field.value = raw === null ? "" : JSON.stringify(raw, null, 2);
    return raw;
  }

  // --- what the parts call ---

  // Something was edited: in the rule that holds `parts`, or in the order of the rules.
  changed(...parts) {
    for (const part of parts) {
      part.faults.length = 0;
      const rule = this.rules?.find((one) => holds(one, part));
      if (rule) rule.touched = true;
    }
    const raw = this.write();
    const deep = this.isRules ? raw.map((rule) => depthWords(this, rule.when ?? null)).find(Boolean) : depthWords(this, raw);
    if (deep) this.say(deep);
    this.field.dispatchEvent(new Event("input", { bubbles: true })); // the preview follows
  }

  // Draws everything anew and puts the focus on the first of these ids that can have it.
  draw(...focus) {
    const made = this.isRules ? rulesEditor(this) : groupEditor(this, this.root, 1);
    this.drawn.replaceChildren(made);
    focus.map((id) => document.getElementById(id)).find((found) => found && !found.disabled)?.focus();
  }

  // After the event at hand has found its target: a click must not miss a button that was drawn anew.
  drawSoon() {
    setTimeout(() => this.draw(document.activeElement?.id));
  }

  say(words, values) {
    this.status.textContent = fill(words, values);
  }

  // --- around ---

  suggestAttributes() {
    const list = document.getElementById("builder-attributes");
    for (const path of this.offer.attributes) list.append(new Option("", pathText(path)));
  }

  // The preview tells each rule in words; here they become its heading.
  takeSentences() {
    if (!this.isRules || !this.rules) return;
    const list = document.querySelector("#preview [data-sentences]");
    if (!list) return;
    list.hidden = true;
    const sentences = [...list.children].map((item) => item.textContent);
    this.rules.forEach((rule, n) => {
      rule.sentence = sentences[n] ?? "";
      const drawn = document.getElementById(`${rule.id}-toggle`);
      if (drawn) tellSentence(this, rule, drawn);
    });
  }

  // The error summary leads to the control that each fault is about.
  linkFaults(placed) {
    for (const rule of this.rules ?? []) {
      if (placed.some((one) => one && holds(rule, one.node))) rule.open = true;
    }
    const links = document.querySelectorAll(`.error-summary a[href="#${this.field.id}"]`);
    links.forEach((link, n) => {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        const control = this.text.hidden && placed[n] && document.getElementById(placed[n].fault.control);
        if (!control) this.showText(true);
        (control || this.field).focus();
      });
    });
  }
}

function holds(part, wanted) {
  if (part.id === wanted.id || part.serve?.id === wanted.id) return true;
  return (part.items ?? (part.when ? [part.when] : [])).some((item) => holds(item, wanted));
}

// Line and column of a fault in JSON, as far as the browser tells.
function placeOf(error, text) {
  const told = /line (\d+) column (\d+)/.exec(error.message);
  if (told) return { line: told[1], column: told[2] };
  const position = /position (\d+)/.exec(error.message);
  const before = position ? text.slice(0, Number(position[1])).split("\n") : text.split("\n");
  return { line: before.length, column: before.at(-1).length + 1 };
}

for (const root of document.querySelectorAll("[data-builder]")) new Builder(root).start();

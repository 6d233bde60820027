// Pieces of the page: copies of its templates, with ids and labels tied together. Knows no rules.

let last = 0;

// A copy of <template data-part="name">. Its controls get ids below `id`, and their labels point at them.
export function part(name, id = nextId()) {
  const holder = document.querySelector(`template[data-part="${name}"]`).content.cloneNode(true);
  const made = holder.firstElementChild;
  for (const control of made.querySelectorAll("[data-control]")) control.id = idOf(id, control.dataset.control);
  for (const label of made.querySelectorAll("[data-for]")) label.htmlFor = idOf(id, label.dataset.for);
  return made;
}

export function textOf(name) {
  return document.querySelector(`template[data-part="${name}"]`).content.textContent.trim();
}

export const nextId = () => `b${(last += 1)}`;
export const idOf = (id, name) => `${id}-${name}`;
export const slot = (made, name) => made.querySelector(`[data-${name}]`);
export const control = (made, name) => made.querySelector(`[data-control="${name}"]`);

// "%(count)s of %(limit)s" with its values; %% is one sign.
export function fill(words, values = {}) {
  return words.replaceAll(/%\((\w+)\)s/g, (_whole, name) => values[name] ?? "").replaceAll("%%", "%");
}

export function options(select, pairs, chosen) {
  for (const [value, label] of pairs) select.append(new Option(label, value, value === chosen, value === chosen));
}

// What the server said about one control, right at it, until it is edited.
export function tellFault(input, fault, prefix = "") {
  fault.control = input.id;
  const note = document.createElement("p");
  note.className = "field-error";
  note.id = `${input.id}-fault`;
  note.textContent = prefix + fault.message;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", note.id);
  (input.closest(".field") ?? input.parentElement).append(note);
  input.addEventListener(
    "input",
    () => {
      note.remove();
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    },
    { once: true },
  );
}

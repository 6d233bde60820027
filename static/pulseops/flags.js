// Editors of rows, such as those of variants and stages: rows can be added and removed. Without it there are spare
// rows, and empty ones do not count.

const rows = document.querySelector("[data-rows]");
const template = document.querySelector("template[data-row]");
const adder = document.querySelector("[data-add-row]");
const total = document.querySelector("[name$=-TOTAL_FORMS]");
const inputs = (row) => [...row.querySelectorAll("input:not([type=checkbox]), textarea")];

let used = 0; // places up to the last row with something in it
for (const [place, row] of [...rows.children].entries()) {
  if (inputs(row).some((input) => input.value)) {
    enhance(row);
    used = place + 1;
  } else row.remove(); // a spare row: the button makes new ones
}
total.value = used;
adder.hidden = false;
adder.addEventListener("click", () => inputs(add())[0].focus());

for (const type of document.querySelectorAll("input[name=type]")) type.addEventListener("change", offerRows);
offerRows();

// A boolean flag needs no variants of its own; every other type needs some.
function offerRows() {
  const type = document.querySelector("input[name=type]:checked");
  if (!type || type.value === "boolean") return;
  while (rows.children.length < 2) add();
}

function add() {
  const place = Number(total.value);
  const holder = document.createElement("div");
  holder.innerHTML = template.innerHTML.replaceAll("__prefix__", place).replaceAll("__number__", place + 1);
  const row = holder.firstElementChild;
  rows.append(row);
  total.value = place + 1;
  enhance(row);
  return row;
}

function enhance(row) {
  const remover = row.querySelector("[data-remove-row]");
  remover.hidden = false;
  remover.addEventListener("click", () => {
    row.remove(); // missing fields read as an empty row, and the numbers of the others stay
    adder.focus();
  });
}

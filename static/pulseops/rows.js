// Editors of rows, several to a page: rows can be added and removed. Without it there are spare rows, and empty ones do
// not count.

const inputs = (row) => [...row.querySelectorAll("input:not([type=checkbox]):not([type=hidden]), textarea")];

for (const editor of document.querySelectorAll("[data-rows-editor]")) {
  const rows = editor.querySelector("[data-rows]");
  const template = editor.querySelector("template");
  const adder = editor.querySelector("[data-add-row]");
  const total = editor.querySelector("[name$=-TOTAL_FORMS]");

  let used = 0; // places up to the last row with something in it
  for (const [place, row] of [...rows.children].entries()) {
    if (inputs(row).some((input) => input.value) || row.querySelector(".field-error")) {
      enhance(row);
      used = place + 1;
    } else row.remove(); // a spare row: the button makes new ones
  }
  total.value = used;
  adder.hidden = false;
  adder.addEventListener("click", () => {
    const place = Number(total.value);
    const holder = document.createElement("div");
    holder.innerHTML = template.innerHTML.replaceAll("__prefix__", place).replaceAll("__number__", place + 1);
    const row = holder.firstElementChild;
    rows.append(row);
    total.value = place + 1;
    enhance(row);
    inputs(row)[0].focus();
  });

  function enhance(row) {
    const remover = row.querySelector("[data-remove-row]");
    remover.hidden = false;
    remover.addEventListener("click", () => {
      row.remove(); // missing fields read as an empty row, and the numbers of the others stay
      adder.focus();
    });
  }
}

// Rows of matchers can be added and removed without a round trip. Without this file the button posts for more rows, and
// empty rows do not count.

for (const group of document.querySelectorAll("[data-matchers]")) {
  const rows = group.querySelector("[data-rows]");
  const adder = group.querySelector("[data-add-row]");
  const template = group.querySelector("template");
  for (const row of rows.children) enhance(row);
  adder.type = "button";
  adder.addEventListener("click", () => {
    rows.append(template.content.cloneNode(true));
    enhance(rows.lastElementChild);
    rows.lastElementChild.querySelector("input").focus();
  });

  function enhance(row) {
    const remover = row.querySelector("[data-remove-row]");
    remover.hidden = false;
    remover.addEventListener("click", () => {
      row.remove();
      adder.focus();
    });
  }
}

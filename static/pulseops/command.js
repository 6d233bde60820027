// The frame's behaviour: the command palette, menus, the sidebar on small screens, copy buttons. Pages work without it.

const palette = document.getElementById("palette");
if (palette) startPalette(palette);

function startPalette(dialog) {
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  const status = dialog.querySelector("[role=status]");
  let chosen = -1;
  let latest = 0;

  function open() {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    load();
  }

  async function load() {
    const turn = ++latest;
    const url = new URL(dialog.dataset.url, location.href);
    url.searchParams.set("q", input.value);
    let results;
    try {
      const response = await fetch(url, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      ({ results } = await response.json());
    } catch {
      results = null;
    }
    if (turn === latest) show(results); // an answer that was overtaken is dropped
  }

  function show(results) {
    status.textContent = status.dataset[results === null ? "failed" : results.length ? "some" : "empty"];
    list.replaceChildren(...(results ?? []).map(option));
    choose(results?.length ? 0 : -1);
  }

  function option(result, n) {
    const item = document.createElement("li");
    item.id = `palette-${n}`;
    item.role = "option";
    item.dataset.url = result.url;
    item.append(result.label);
    const note = document.createElement("small");
    note.textContent = result.note;
    item.append(note);
    return item;
  }

  function choose(n) {
    const items = list.children;
    chosen = items.length ? (n + items.length) % items.length : -1;
    [...items].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    items[chosen]?.scrollIntoView({ block: "nearest" });
    if (chosen < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", items[chosen].id);
  }

  const keys = {
    ArrowDown: () => choose(chosen + 1),
    ArrowUp: () => choose(chosen - 1),
    Enter: () => chosen >= 0 && location.assign(list.children[chosen].dataset.url),
  };
  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(load, 120);
  });
  input.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.isComposing) return;
    event.preventDefault();
    keys[event.key]();
  });
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) location.assign(item.dataset.url);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open();
  });
  document.querySelector("[data-palette-open]")?.addEventListener("click", open);
}

// Menus close on Escape, on a click elsewhere, and when focus leaves them.
for (const menu of document.querySelectorAll("details.menu")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

const sidebarButton = document.querySelector("[data-nav-toggle]");
function showSidebar(shown) {
  document.documentElement.toggleAttribute("data-nav", shown);
  sidebarButton.setAttribute("aria-expanded", String(shown));
}
sidebarButton?.addEventListener("click", () => {
  const shown = sidebarButton.getAttribute("aria-expanded") !== "true";
  showSidebar(shown);
  if (shown) document.querySelector("#sidebar li a")?.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || sidebarButton?.getAttribute("aria-expanded") !== "true") return;
  showSidebar(false);
  sidebarButton.focus();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("pre, code").textContent);
  const before = button.textContent;
  button.textContent = button.dataset.done ?? before;
  setTimeout(() => (button.textContent = before), 2000);
});

// Runs before the first paint: applies the colour scheme kept on this device, and keeps a new choice.
(() => {
  const root = document.documentElement;
  const THEMES = ["light", "dark"]; // anything else follows the system

  function apply(theme) {
    if (THEMES.includes(theme)) root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === (root.dataset.theme ?? "system")));
    }
  }

  function kept() {
    try {
      return localStorage.getItem("pulseops-theme");
    } catch {
      return null; // storage is refused: the choice lasts for this page
    }
  }

  function keep(theme) {
    try {
      localStorage.setItem("pulseops-theme", theme);
    } catch {
      // as above
    }
  }

  root.dataset.js = "";
  apply(kept());
  document.addEventListener("DOMContentLoaded", () => apply(kept()));
  document.addEventListener("click", (event) => {
    const theme = event.target.closest("[data-theme-choice]")?.dataset.themeChoice;
    if (!theme) return;
    keep(theme);
    apply(theme);
  });
})();

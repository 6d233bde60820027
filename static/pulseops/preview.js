// Forms with a preview that follows what is typed, sliders beside the numbers. Without it a button does the same.

const WAIT_MS = 200;

for (const form of document.querySelectorAll("form[data-preview]")) {
  mirrorSliders(form);
  showGroups(form);
  followInput(form, document.getElementById("preview"));
}

function mirrorSliders(form) {
  for (const slider of form.querySelectorAll("[data-mirrors]")) {
    const number = document.getElementById(slider.dataset.mirrors);
    slider.hidden = false;
    slider.value = number.value;
    slider.addEventListener("input", () => (number.value = slider.value));
    number.addEventListener("input", () => (slider.value = number.value));
  }
}

// Fields about groups only while groups are chosen.
function showGroups(form) {
  const update = () => {
    const chosen = form.querySelector("input[name=who]:checked")?.value === "groups";
    for (const part of form.querySelectorAll("[data-groups]")) part.hidden = !chosen;
  };
  form.addEventListener("change", update);
  update();
}

function followInput(form, target) {
  let waiting;
  let asking;

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    try {
      const response = await fetch(form.dataset.preview, {
        method: "POST",
        body: new FormData(form),
        headers: { "X-Preview": "1" },
        redirect: "error", // the login page is no preview
        signal: asking.signal,
      });
      if (!response.ok) return;
      target.innerHTML = await response.text();
      form.dispatchEvent(new Event("previewed"));
    } catch (error) {
      if (error.name !== "AbortError") target.dataset.stale = "";
      return;
    }
    delete target.dataset.stale;
  }

  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, WAIT_MS);
  });
  form.querySelector("[data-preview-button]").hidden = true;
  form.elements.user?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // Enter here asks about the user; it does not go to the review
    ask();
  });
}

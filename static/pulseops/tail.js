// A list that follows by itself while its button is pressed. Without it, reloading the page does the same.

const EVERY_MS = 3000;

for (const button of document.querySelectorAll("button[data-tail]")) {
  const target = document.getElementById(button.dataset.tail);
  let following;
  button.hidden = false;
  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", String(!pressed));
    clearInterval(following);
    if (!pressed) {
      refresh(target);
      following = setInterval(() => refresh(target), EVERY_MS);
    }
  });
}

async function refresh(target) {
  if (document.hidden || target.contains(document.activeElement)) return;
  const response = await fetch(location.href, { headers: { "X-Tail": "1" } }).catch(() => null);
  if (response?.ok) target.innerHTML = await response.text();
}

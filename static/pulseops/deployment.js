// A deployment's page follows by itself until the deployment is over. Without it, reloading the page does the same.

const EVERY_MS = 2000;
const LOST_AFTER = 3; // answers in a row that did not come

const page = document.querySelector("[data-follow]");
const told = document.getElementById("live-told");
const lost = document.getElementById("live-lost");
const seen = new Map(parts(document).map((part) => [part.id, plain(part)]));
let said = document.querySelector("[data-say]")?.dataset.say;
let missed = 0;

if (page) setTimeout(follow, EVERY_MS);

async function follow() {
  if (document.querySelector("[data-live][data-over]")) return;
  if (!document.hidden) await refresh();
  setTimeout(follow, EVERY_MS);
}

async function refresh() {
  const options = { redirect: "error", signal: AbortSignal.timeout(10 * EVERY_MS) }; // the login page is no progress
  const response = await fetch(page.dataset.follow, options).catch(() => null);
  missed = response?.ok ? 0 : missed + 1;
  lost.hidden = missed < LOST_AFTER;
  if (!response?.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of parts(fresh)) replace(part);
}

// Only what changed, and never under somebody's hands.
function replace(part) {
  const now = document.getElementById(part.id);
  const text = plain(part);
  if (!now || seen.get(part.id) === text) return;
  if (part.dataset.say) say(part.dataset.say);
  const focused = now.contains(document.activeElement) ? document.activeElement : null;
  const twin = focused && twinOf(focused, part);
  if (isTypedIn(now) || (focused && !twin)) return; // the next answers try again
  seen.set(part.id, text);
  for (const kept of now.querySelectorAll("details[data-key]")) {
    const same = part.querySelector(`details[data-key="${CSS.escape(kept.dataset.key)}"]`);
    if (same) same.open = kept.open;
  }
  now.replaceWith(document.adoptNode(part));
  twin?.focus({ preventScroll: true });
}

function say(words) {
  if (words !== said) told.textContent = words;
  said = words;
}

// Where the focus goes on: the same link, button or summary of the new part. There is none for a field.
function twinOf(element, part) {
  const same = (other) => other.textContent === element.textContent && other.href === element.href;
  return element.matches("a, button, summary") ? [...part.querySelectorAll(element.tagName)].find(same) : null;
}

function isTypedIn(part) {
  return [...part.querySelectorAll("textarea, input")].some((field) => field.value !== field.defaultValue);
}

function parts(root) {
  return [...root.querySelectorAll("[data-live]")];
}

// Without what differs every time and says nothing.
function plain(part) {
  return part.outerHTML.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
}

// A deployment's page follows by itself until the deployment is over. Without it, reloading the page does the same.

const EVERY_MS = 2000; // while nobody says that something changed
const CALM_MS = 15000; // while somebody would: times of the last look still go on
const LOST_AFTER = 3; // answers in a row that did not come

const page = document.querySelector("[data-follow]");
const told = document.getElementById("live-told");
const lost = document.getElementById("live-lost");
const seen = new Map(parts(document).map((part) => [part.id, plain(part)]));
let said = document.querySelector("[data-say]")?.dataset.say;
let stamp = null; // of the last answer; with it, what did not change is not sent again
let kept = false; // whether a part was in use and so not replaced
let missed = 0;

let news = null;
let next = null;

if (page) {
  listen();
  next = setTimeout(follow, EVERY_MS);
}

// Says that the deployment went on. Without it, or while it is gone, the page asks more often.
function listen() {
  if (document.querySelector("[data-live][data-over]")) return;
  news = new EventSource(page.dataset.news);
  news.onmessage = () => {
    clearTimeout(next);
    follow();
  };
}

async function follow() {
  if (document.querySelector("[data-live][data-over]")) return news.close();
  if (!document.hidden) {
    const came = await refresh().then(
      () => true,
      () => false,
    );
    missed = came ? 0 : missed + 1;
    lost.hidden = missed < LOST_AFTER;
  }
  clearTimeout(next);
  next = setTimeout(follow, news.readyState === EventSource.OPEN && !missed ? CALM_MS : EVERY_MS);
}

async function refresh() {
  const response = await fetch(page.dataset.follow, {
    headers: stamp ? { "If-None-Match": stamp } : {},
    redirect: "error", // the login page is no progress
    signal: AbortSignal.timeout(10 * EVERY_MS),
  });
  if (response.status === 304) return;
  if (!response.ok) throw new Error(`status ${response.status}`);
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  kept = false;
  for (const part of parts(fresh)) replace(part);
  stamp = kept ? null : response.headers.get("ETag"); // what was kept back has to come once more
}

// Only what changed, and never under somebody's hands.
function replace(part) {
  const now = document.getElementById(part.id);
  const text = plain(part);
  if (!now || seen.get(part.id) === text) return;
  if (part.dataset.say) say(part.dataset.say);
  const focused = now.contains(document.activeElement) ? document.activeElement : null;
  const twin = focused && twinOf(focused, part);
  if (isTypedIn(now) || (focused && !twin)) {
    kept = true;
    return;
  }
  seen.set(part.id, text);
  for (const old of now.querySelectorAll("details[data-key]")) {
    const same = part.querySelector(`details[data-key="${CSS.escape(old.dataset.key)}"]`);
    if (same) same.open = old.open;
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

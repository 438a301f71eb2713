// The canaries' filter, kept in the address; the page's renewal; the keys. The page is whole without it.

const cards = all("li.canary").map((node) => ({ node, text: node.textContent.toLowerCase().replace(/\s+/g, " ") }));
const search = byId("search");
const toggles = all(".toggles [data-state]");
let view = new URLSearchParams();

function chosenStates() {
  return (view.get("state") || "").split(",").filter(Boolean);
}

function applyFilter() {
  if (!search) return;
  const wanted = terms(view.get("q") || "");
  const states = chosenStates();
  let shown = 0;
  for (const { node, text } of cards) {
    const fits = (!states.length || states.includes(node.dataset.state)) && matches(text, wanted);
    node.hidden = !fits;
    shown += fits;
  }
  byId("shown").textContent = `${shown} of ${cards.length} canaries shown`;
  if (search.value !== (view.get("q") || "")) search.value = view.get("q") || "";
  for (const button of toggles) button.setAttribute("aria-pressed", String(states.includes(button.dataset.state)));
}

function change(key, value) {
  if (value) view.set(key, value);
  else view.delete(key);
  writeHash(view);
  applyFilter();
}

function toggleState(state) {
  const states = chosenStates();
  change("state", (states.includes(state) ? states.filter((one) => one !== state) : [...states, state]).join(","));
}

function follow(first) {
  const { place, view: asked } = readHash();
  if (place) {
    const node = byId(place);
    if (node && node.matches("details")) node.open = true;
    return;
  }
  view = asked;
  applyFilter();
  if (!first && view.toString() && document.activeElement !== search) byId("canaries").scrollIntoView({ block: "start" });
}

// ---- renewal: never under a reader's hands

const every = 60_000;
const kept = {
  read(key) { try { return sessionStorage.getItem(`lineman-${key}`); } catch { return null; } },
  write(key, value) { try { sessionStorage.setItem(`lineman-${key}`, value); } catch { /* private mode: forget it */ } },
};

function busy() {
  return document.hidden || String(getSelection()) !== "" || document.activeElement === search;
}

function renew() {
  if (byId("refresh").checked && !busy()) {
    kept.write("open", all("details[id][open]").map((node) => node.id).join(" "));
    kept.write("closed", all("details[id]:not([open])").map((node) => node.id).join(" "));
    location.reload();
  } else setTimeout(renew, 5_000);
}

function restore() {
  for (const id of (kept.read("open") || "").split(" ")) if (id && byId(id)) byId(id).open = true;
  for (const id of (kept.read("closed") || "").split(" ")) if (id && byId(id)) byId(id).open = false;
}

const refresh = byId("refresh");
if (refresh) {
  restore();
  refresh.checked = kept.read("refresh") !== "off";
  refresh.addEventListener("change", () => kept.write("refresh", refresh.checked ? "on" : "off"));
  setTimeout(renew, every);
}

// ---- keys

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input[type=search]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const keys = { "/": () => search && search.focus(), t: nextTheme };
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
}

if (search) {
  search.addEventListener("input", () => change("q", search.value));
  for (const button of toggles) button.addEventListener("click", () => toggleState(button.dataset.state));
  byId("clear").addEventListener("click", () => { view = new URLSearchParams(); change("q", ""); });
  document.querySelector("form.filter").addEventListener("submit", (event) => event.preventDefault());
}
document.addEventListener("keydown", onKey);
addEventListener("hashchange", () => follow(false));
addEventListener("beforeprint", () => { for (const node of all("details.story, details.daily")) node.open = true; });
follow(true);

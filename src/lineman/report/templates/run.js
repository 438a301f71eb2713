// The matrix's filter, permalinks, what the address asks for, and the keys.

const rows = all("tr.clause").map((node) => ({ node, text: node.textContent.toLowerCase().replace(/\s+/g, " ") }));
const search = byId("search");
const area = byId("area");
const toggles = all(".toggles [data-state]");
let view = new URLSearchParams();

function chosenStates() {
  return (view.get("state") || "").split(",").filter(Boolean);
}

function applyFilter() {
  const wanted = terms(view.get("q") || "");
  const states = chosenStates();
  const inArea = view.get("area") || "";
  let shown = 0;
  for (const { node, text } of rows) {
    const fits = (!states.length || states.includes(node.dataset.state)) && (!inArea || node.dataset.area === inArea) && matches(text, wanted);
    node.hidden = !fits;
    shown += fits;
  }
  for (const body of all("tbody[data-area]")) body.hidden = !body.querySelector("tr.clause:not([hidden])");
  byId("shown").textContent = `${shown} of ${rows.length} clauses shown`;
}

function showControls() {
  if (search.value !== (view.get("q") || "")) search.value = view.get("q") || "";
  area.value = view.get("area") || "";
  byId("exchange-search").value = view.get("rq") || "";
  for (const button of toggles) button.setAttribute("aria-pressed", String(chosenStates().includes(button.dataset.state)));
}

function change(key, value) {
  if (value) view.set(key, value);
  else view.delete(key);
  writeHash(view);
  showControls();
  applyFilter();
}

function clearFilter() {
  for (const key of ["q", "area", "state"]) view.delete(key);
}

function toggleState(state) {
  const states = chosenStates();
  change("state", (states.includes(state) ? states.filter((one) => one !== state) : [...states, state]).join(","));
}

function openAround(node) {
  for (let outer = node.closest("details"); outer; outer = outer.parentElement.closest("details")) outer.open = true;
}

function goTo(place) {
  const node = byId(place);
  if (!node) {
    if (/^(clause|violation)-/.test(place)) byId("shown").textContent = `This report has no ${place.replace("-", " ")}.`;
    return;
  }
  if (node.closest("[hidden]")) { clearFilter(); showControls(); applyFilter(); }
  openAround(node);
  node.scrollIntoView({ block: "start" });
  node.focus({ preventScroll: true });
}

function openExchange(number, among = null) {
  const next = new URLSearchParams(view);
  next.set("exchange", String(number));
  writeHash(next);
  showExchange(number, among, openExchange);
}

// What the arrows of an exchange stay within: the evidence, or the rows of the table, that its link stands in.
function amongOf(link) {
  if (link.closest("#exchange-rows")) return { numbers: listing.shown, what: "listed" };
  const list = link.closest(".exchanges");
  return list ? { numbers: all("[data-exchange]", list).map((one) => Number(one.dataset.exchange)), what: "in this evidence" } : null;
}

function follow() {
  const { place, view: asked } = readHash();
  if (place) { goTo(place); return; }
  const number = Number(asked.get("exchange"));
  asked.delete("exchange");
  const before = view;
  if (asked.toString() !== "" || !number) view = asked;
  showControls();
  applyFilter();
  listExchanges();
  if (number) { showExchange(number, null, openExchange); return; }
  const changed = (...keys) => keys.some((key) => (before.get(key) || "") !== (view.get(key) || ""));
  if (asked.toString() === "") return;
  if (changed("rq", "sort")) byId("requests").scrollIntoView({ block: "start" });
  else if (changed("q", "area", "state") && document.activeElement !== search) byId("matrix").scrollIntoView({ block: "start" });
}

function whenSeen(node, act) {
  const watcher = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) { watcher.disconnect(); act(); }
  }, { rootMargin: "400px" });
  watcher.observe(node);
}

// ---- keys

function stepViolation(step) {
  const places = all("[data-violation]");
  const at = places.indexOf(document.activeElement.closest("[data-violation]"));
  const next = places[at < 0 ? (step > 0 ? 0 : places.length - 1) : at + step];
  if (next) { history.replaceState(null, "", `#${next.id}`); goTo(next.id); }
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("exchange").open) return;
  if (event.target.matches("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const keys = { "/": () => search.focus(), n: () => stepViolation(1), p: () => stepViolation(-1), t: nextTheme };
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
}

search.addEventListener("input", () => change("q", search.value));
area.addEventListener("change", () => change("area", area.value));
for (const button of toggles) button.addEventListener("click", () => toggleState(button.dataset.state));
byId("clear").addEventListener("click", () => { clearFilter(); change("q", ""); });
document.querySelector("form.filter").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-exchange]");
  if (link) { event.preventDefault(); openExchange(Number(link.dataset.exchange), amongOf(link)); }
});
byId("exchange").addEventListener("close", () => writeHash(view));
document.addEventListener("keydown", onKey);
addEventListener("hashchange", follow);
whenSeen(byId("requests"), listExchanges);
applyFilter();
if (location.hash.length > 1) follow();

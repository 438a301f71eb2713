// The table of requests: sorted, searched, a hundred lines at a time. What is asked of it stands in the address.

const columnNames = all("#exchange-list th[data-sort]").map((node) => node.dataset.sort);
const listing = { limit: 100, shown: [] };

// A word with "=" (limit=101) is one of a row's words; any other word may stand anywhere in the row.
function fitsRow(row, wanted) {
  const words = row[columnNames.length].map((word) => word.toLowerCase());
  const text = `${row.slice(0, -1).join(" ")} ${words.join(" ")}`.toLowerCase();
  return wanted.every(({ not, word }) => (word.includes("=") ? words.includes(word) : text.includes(word)) !== not);
}

// Numbers before texts, and what a row has nothing of at the end, whichever way it is sorted.
function inOrder(column, sign) {
  const kind = (value) => (value === null ? 2 : Number.isNaN(Number(value)) ? 1 : 0);
  return (one, other) => {
    const [a, b] = [one[column], other[column]];
    if (kind(a) !== kind(b)) return kind(a) === 2 || kind(b) === 2 ? kind(a) - kind(b) : sign * (kind(a) - kind(b));
    const by = kind(a) === 0 ? Number(a) - Number(b) : kind(a) === 1 ? String(a).localeCompare(String(b)) : 0;
    return sign * by || one[0] - other[0];
  };
}

function lineOf(row) {
  const cells = row.slice(0, columnNames.length).map((value, at) => {
    if (at === 0) return element("td", { class: "figure" }, element("a", { href: `#exchange=${value}`, "data-exchange": value }, String(value)));
    const name = columnNames[at];
    const text = value === null ? "–" : name === "time" ? `${value} ms` : visible(value);
    const figure = ["limit", "offset", "status", "records", "total", "time"].includes(name) && !Number.isNaN(Number(value));
    const state = name === "verdict" ? (text.split(":")[0].replace("broken", "violated")) : "";
    return element("td", { class: [figure ? "figure" : "", state].join(" ").trim() }, text);
  });
  return element("tr", {}, ...cells);
}

async function listExchanges() {
  const index = await exchangeIndex();
  const sort = view.get("sort") || "number";
  const sign = sort.startsWith("-") ? -1 : 1;
  const column = Math.max(columnNames.indexOf(sort.replace("-", "")), 0);
  const wanted = terms(view.get("rq") || "");
  const found = index.filter((row) => fitsRow(row, wanted)).sort(inOrder(column, sign));
  listing.shown = found.map((row) => row[0]);
  byId("exchange-rows").replaceChildren(...found.slice(0, listing.limit).map(lineOf));
  byId("exchange-more").hidden = found.length <= listing.limit;
  byId("exchange-shown").textContent = `${Math.min(found.length, listing.limit)} of ${found.length} requests listed, ${index.length} in all`;
  for (const node of all("#exchange-list th[data-sort]")) {
    if (node.dataset.sort === columnNames[column]) node.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
    else node.removeAttribute("aria-sort");
  }
}

function askTable(key, value) {
  if (value) view.set(key, value);
  else view.delete(key);
  writeHash(view);
  listing.limit = 100;
  listExchanges();
}

function sortBy(name) {
  const now = view.get("sort") || "number";
  askTable("sort", now === name ? `-${name}` : name === "number" ? "" : name);
}

byId("exchange-search").addEventListener("input", (event) => askTable("rq", event.target.value));
byId("exchange-more").addEventListener("click", () => { listing.limit += 400; listExchanges(); });
for (const node of all("#exchange-list th[data-sort] button")) node.addEventListener("click", () => sortBy(node.parentElement.dataset.sort));

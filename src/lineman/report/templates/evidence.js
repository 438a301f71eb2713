// Exchanges lie compressed in the page, a hundred to a block; a block is opened when one of its exchanges is.

const opened = new Map();
const deceiving = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function visible(text) {
  return String(text).replace(deceiving, (one) => `⟨U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

async function unpack(node) {
  const bytes = Uint8Array.from(atob(node.textContent.trim()), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function unpackOnce(node) {
  if (!opened.has(node)) opened.set(node, unpack(node));
  return opened.get(node);
}

const exchangeIndex = () => unpackOnce(byId("evidence-index"));

async function exchangeAt(position) {
  const blocks = all(".evidence-block");
  const block = await unpackOnce(blocks[Math.floor(position / 100)]);
  return block[position % 100];
}

function part(title, text, note = "") {
  if (text === null || text === undefined) return [];
  const copy = element("button", { type: "button", class: "copy" }, "Copy", element("span", { class: "unseen" }, ` ${title}`));
  copy.addEventListener("click", () => copyFrom(copy));
  return [element("div", { class: "command" }, element("h4", {}, title + note), copy,
    element("pre", { tabindex: "0", "aria-label": title }, visible(pretty(text))))];
}

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

function headers(title, pairs) {
  if (!pairs.length) return [];
  const rows = pairs.map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, visible(name)), element("td", {}, visible(value))));
  return [element("h4", {}, title), element("table", {}, element("tbody", {}, ...rows))];
}

function phasesOf(exchange) {
  return Object.entries(exchange.phases).map(([name, seconds]) => `${name} ${(seconds * 1000).toFixed(1)} ms`).join(" · ");
}

function exchangeNodes(exchange) {
  const outcome = exchange.status === null ? visible(exchange.failure || "no answer") : `answered ${exchange.status}`;
  const size = exchange.response_size.toLocaleString();
  const cut = exchange.cut ? `, cut here; ${size} bytes in all` : `, ${size} bytes`;
  return [
    element("p", {}, element("code", {}, visible(`${exchange.method} ${exchange.url}`))),
    element("p", { class: "quiet" }, visible(`${outcome} · ${phasesOf(exchange)}`)),
    element("p", { class: "quiet" }, visible([
      exchange.started, `attempt ${exchange.attempt}`, `credential ${exchange.credential}`, `app key ${exchange.app_key}`, exchange.note,
    ].filter(Boolean).join(" · "))),
    element("p", {}, "For ", ...exchange.clauses.flatMap((clause, at) => [at ? ", " : "", element("code", {}, clause)])),
    ...headers("Request headers", exchange.request_headers),
    ...part("Request body", exchange.request_body, `, ${exchange.request_size.toLocaleString()} bytes`),
    ...headers("Response headers", exchange.response_headers),
    ...part("Response body", exchange.response_body, cut),
  ];
}

// The whole exchange as text, as it went over the wire but for secrets: for a mail or a ticket.
function exchangeText(exchange) {
  const lines = (pairs) => pairs.map(([name, value]) => `${name}: ${value}`);
  const answer = exchange.status === null ? [exchange.failure || "no answer"]
    : [`HTTP ${exchange.status}`, ...lines(exchange.response_headers), "", exchange.response_body ?? ""];
  return visible([`${exchange.method} ${exchange.url}`, ...lines(exchange.request_headers), "", exchange.request_body ?? "", "", ...answer].join("\n"));
}

// `among` are the numbers that the arrows stay within, and what they are; null for all exchanges of the run.
async function showExchange(number, among, step) {
  const dialog = byId("exchange");
  const index = await exchangeIndex();
  const position = index.findIndex((entry) => entry[0] === number);
  const exchange = position < 0 ? null : await exchangeAt(position);
  const numbers = among ? among.numbers : index.map((entry) => entry[0]);
  const at = numbers.indexOf(number);
  const place = among ? ` · ${at + 1} of ${numbers.length} ${among.what}` : ` of ${index.length}`;
  const title = element("h3", { id: "exchange-title" }, exchange ? `Exchange ${number}${place}` : `This report holds no exchange ${number}`);
  const button = (text, act, off) => {
    const made = element("button", { type: "button" }, text);
    made.disabled = off;
    made.addEventListener("click", () => act(made));
    return made;
  };
  const go = (by) => { const next = numbers[at + by]; if (at >= 0 && next !== undefined) step(next, among); };
  const header = element("header", {}, title,
    button("← Previous", () => go(-1), at <= 0),
    button("Next →", () => go(1), at < 0 || at + 1 >= numbers.length),
    ...(exchange ? [button("Copy all", (made) => copyFrom(made, dialog, exchangeText(exchange)), false)] : []),
    button("Close", () => dialog.close(), false));
  const pressed = dialog.contains(document.activeElement) ? document.activeElement.textContent : "";
  dialog.replaceChildren(header, ...(exchange ? exchangeNodes(exchange) : []));
  dialog.onkeydown = (event) => {
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  };
  if (!dialog.open) dialog.showModal();
  const same = all("header button", dialog).find((one) => one.textContent === pressed && !one.disabled);
  if (same) same.focus();
  else if (!dialog.contains(document.activeElement)) dialog.focus(); // else the arrow keys would go to the page behind
  dialog.scrollTop = 0;
}

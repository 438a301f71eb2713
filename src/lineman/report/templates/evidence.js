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
  return [element("h4", {}, title + note), element("pre", { tabindex: "0", "aria-label": title }, visible(pretty(text)))];
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

async function showExchange(number, step) {
  const dialog = byId("exchange");
  const index = await exchangeIndex();
  const position = index.findIndex((entry) => entry[0] === number);
  const title = element("h3", { id: "exchange-title" }, position < 0 ? `This report holds no exchange ${number}` : `Exchange ${number} of ${index.length}`);
  const button = (text, act, off) => {
    const made = element("button", { type: "button" }, text);
    made.disabled = off;
    made.addEventListener("click", act);
    return made;
  };
  const header = element("header", {}, title,
    button("← Previous", () => step(index[position - 1][0]), position <= 0),
    button("Next →", () => step(index[position + 1][0]), position < 0 || position + 1 >= index.length),
    button("Close", () => dialog.close(), false));
  dialog.replaceChildren(header, ...(position < 0 ? [] : exchangeNodes(await exchangeAt(position))));
  dialog.onkeydown = (event) => {
    if (event.key === "ArrowLeft" && position > 0) step(index[position - 1][0]);
    if (event.key === "ArrowRight" && position >= 0 && position + 1 < index.length) step(index[position + 1][0]);
  };
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

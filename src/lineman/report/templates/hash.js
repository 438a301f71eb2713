// The address holds the whole view: "#clause-limit.zero" is a place; "#state=violated&q=page&exchange=7" is a filter.

function readHash() {
  const hash = location.hash.slice(1);
  if (!hash.includes("=")) return { place: decode(hash), view: new URLSearchParams() };
  return { place: "", view: new URLSearchParams(hash) };
}

function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

function writeHash(view) {
  const text = view.toString().replaceAll("%2C", ",");
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

function terms(text) {
  return [...text.matchAll(/(!?)(?:"([^"]*)"?|(\S+))/g)]
    .map(([, not, quoted, word]) => ({ not: not === "!", word: (quoted ?? word).toLowerCase() }))
    .filter(({ word }) => word !== "" && word !== "!");
}

function matches(text, wanted) {
  return wanted.every(({ not, word }) => text.includes(word) !== not);
}

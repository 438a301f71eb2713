"use strict";

// Theme, copy buttons and local times: what every page has. Nothing here is needed to read a page.

const byId = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const memory = {
  read() { try { return localStorage.getItem("lineman-theme"); } catch { return null; } },
  write(theme) { try { localStorage.setItem("lineman-theme", theme); } catch { /* private mode: forget it */ } },
};

function setTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  for (const button of all("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === (theme || "system")));
  }
}

function chooseTheme(theme) {
  setTheme(theme);
  memory.write(theme);
}

function nextTheme() {
  const order = ["system", "light", "dark"];
  const now = document.documentElement.dataset.theme || "system";
  chooseTheme(order[(order.indexOf(now) + 1) % order.length]);
}

function copyFrom(button, source = button.parentElement.querySelector("pre"), text = source.textContent) {
  const label = button.firstChild;
  const usual = label.data;
  const say = (word) => { label.data = word; setTimeout(() => { label.data = usual; }, 1500); };
  const byHand = () => { getSelection().selectAllChildren(source); say("Selected"); };
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => say("Copied"), byHand);
  else byHand();
}

function readersTime(node) {
  const moment = new Date(node.dataset.local);
  const text = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  node.textContent = `${text} ${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
}

setTheme(memory.read());
for (const node of all("[data-needs-script]")) node.hidden = false;
for (const button of all("[data-theme-choice]")) button.addEventListener("click", () => chooseTheme(button.dataset.themeChoice));
for (const button of all(".copy")) button.addEventListener("click", () => copyFrom(button));
for (const node of all("[data-local]")) readersTime(node);
addEventListener("beforeprint", () => { for (const node of all("details.cause")) node.open = true; });

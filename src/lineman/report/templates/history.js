// One target at a time, kept in the address.

function showTarget() {
  const { view } = readHash();
  const wanted = view.get("target") || "";
  for (const section of all("[data-history]")) section.hidden = wanted !== "" && section.dataset.history !== wanted;
  for (const button of all("[data-target]")) button.setAttribute("aria-pressed", String(button.dataset.target === wanted));
}

for (const button of all("[data-target]")) {
  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") === "true";
    writeHash(new URLSearchParams(pressed ? {} : { target: button.dataset.target }));
    showTarget();
  });
}
addEventListener("hashchange", showTarget);
showTarget();

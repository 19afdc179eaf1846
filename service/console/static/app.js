// Keys, the open panel, drafts. Every page works without this file.
"use strict";

const find = (selector, root = document) => root.querySelector(selector);
const wide = matchMedia("(min-width: 1100px)");
const panel = find("#panel");
document.documentElement.classList.add("scripted");

// The browser knows its time zone; sign-in tells the server.
const zone = find('.login [name="time_zone"]');
if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;

// Filters apply as they change.
find(".filter")?.addEventListener("change", (event) => event.currentTarget.requestSubmit());

// ---- the panel beside the queue: what is open is in the URL
function markChosen() {
  const id = find("[data-alert]", panel ?? document)?.dataset.alert;
  for (const row of document.querySelectorAll(".queue tbody tr")) row.classList.toggle("chosen", row.id === `alert-${id}`);
}

async function openPanel(link) {
  const id = link.dataset.alert;
  if (!panel || !wide.matches) { location.assign(link.href); return; }
  const url = new URL(location.href);
  url.searchParams.set("alert", id);
  history.replaceState(null, "", url);
  await htmx.ajax("GET", `/alerts/${id}/panel`, { target: "#panel", swap: "innerHTML" });
  panel.scrollTop = 0;
  markChosen();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a.open");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  link.focus();
  openPanel(link);
});

// ---- drafts: what was typed survives a click on another alert, until it is sent
const draftKey = (form) => `draft:${form.dataset.draft}`;

function keepDraft(form) {
  const typed = Object.fromEntries(["cause", "fix", "say"].map((name) => [name, form.elements[name].value]));
  if (Object.values(typed).some(Boolean)) sessionStorage.setItem(draftKey(form), JSON.stringify(typed));
  else sessionStorage.removeItem(draftKey(form));
}

function restoreDraft() {
  const form = find("form[data-draft]");
  const kept = form && sessionStorage.getItem(draftKey(form));
  if (!kept) return;
  for (const [name, text] of Object.entries(JSON.parse(kept))) form.elements[name].value ||= text;
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-draft]");
  if (form) keepDraft(form);
});

function forgetSent() {
  const sent = find("[data-sent]");
  if (sent) sessionStorage.removeItem(`draft:${sent.dataset.sent}`);
}

document.addEventListener("htmx:after:swap", (event) => {
  // A row that changed by its own button: the panel that shows the same alert follows.
  const swapped = event.detail.ctx?.target?.id ?? "";
  const shown = find("[data-alert]", panel ?? document)?.dataset.alert;
  if (panel && shown && swapped === `alert-${shown}`) htmx.ajax("GET", `/alerts/${shown}/panel`, { target: "#panel", swap: "innerHTML" });
  const open = find("#news")?.dataset.open;
  if (open !== undefined) document.title = document.title.replace(/^\(\d+\) /, "").replace(/^/, open > 0 ? `(${open}) ` : "");
  forgetSent();
  restoreDraft();
  markChosen();
});
forgetSent();
restoreDraft();
if (panel) markChosen();
// Whoever signs out leaves nothing behind that was typed.
find("form.who")?.addEventListener("submit", () => sessionStorage.clear());

// ---- keys
const rows = () => [...document.querySelectorAll(".queue a.open")];

function step(by) {
  const links = rows();
  const at = links.indexOf(document.activeElement.closest?.("tr")?.querySelector("a.open"));
  const chosen = links.findIndex((link) => link.closest("tr").classList.contains("chosen"));
  const from = at >= 0 ? at : chosen;
  const next = links[Math.min(Math.max(from + by, 0), links.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

// The alert that keys mean: the focused row, or the open panel.
async function withPanel(act) {
  const link = document.activeElement.closest?.(".queue tr")?.querySelector("a.open");
  if (link && find("[data-alert]", panel)?.dataset.alert !== link.dataset.alert) {
    if (!wide.matches) return;
    await openPanel(link);
  }
  act();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  o: () => document.activeElement.matches("a.open") && openPanel(document.activeElement),
  a: () => (find('[data-key="a"]', document.activeElement.closest?.(".queue tr") ?? document) ?? find('.panel [data-key="a"]'))?.click(),
  e: () => withPanel(() => find('[data-key="e"]')?.focus()),
  s: () => withPanel(() => {
    const menu = find('.panel [data-key="s"]');
    if (menu) { menu.open = true; find("button", menu)?.focus(); }
  }),
  "/": () => find('[type="search"]')?.focus(),
  "?": () => find("#keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=radio]), textarea, select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.target.closest("form[data-draft]")?.requestSubmit();
  } else if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details[open]")) menu.open = false;
    if (typing) event.target.blur();
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && KEYS[event.key] && !find("dialog[open]")) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

// ---- whoever uses the page stays signed in, also without a click that asks the server for something
let told = Date.now();

function stillHere() {
  if (!panel && !find(".who")) return;
  if (Date.now() - told < 5 * 60 * 1000) return;
  told = Date.now();
  fetch("/here", { method: "POST" });
}
for (const use of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(use, stillHere, { passive: true });

// Menus close when the click goes elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

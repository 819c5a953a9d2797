// Small refinements for every page, all by delegation, so that what htmx swaps in has them too.

const root = document.documentElement;
root.classList.add("js");

const closest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

// Theme: the form posts without this; with it nothing reloads.
document.addEventListener("submit", (event) => {
  const form = closest(event, "form[data-theme-form]");
  const choice = form && event.submitter && event.submitter.value;
  if (!choice) return;
  event.preventDefault();
  if (choice === "system") root.removeAttribute("data-theme");
  else root.setAttribute("data-theme", choice);
  for (const button of form.querySelectorAll("button[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === choice));
  }
  const body = new FormData(form, event.submitter);
  fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
  form.closest("[popover]")?.hidePopover();
});

// A passkey that is refused or called off: the page says so instead of the console.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  for (const place of document.querySelectorAll("[data-passkey-problem]")) place.hidden = false;
});

// A second click on a button that is already at work does nothing.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.hasAttribute("hx-get") || event.target.hasAttribute("hx-post")) return;
  const form = event.target;
  if (form.method === "get" || form.target === "_blank") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  if (event.submitter) {
    event.submitter.setAttribute("aria-busy", "true");
    event.submitter.dataset.waiting = "";
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[data-waiting]")) {
    button.removeAttribute("aria-busy");
    delete button.dataset.waiting;
  }
});

// Toasts leave after ten seconds, not while the pointer or the focus is on them.
const TOAST_MS = 10_000;
function armToast(toast) {
  let timer;
  const leave = () => {
    toast.dataset.leaving = "";
    setTimeout(() => toast.remove(), 180);
  };
  const start = () => (timer = setTimeout(leave, TOAST_MS));
  const stop = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("focusout", start);
  toast.querySelector("[data-dismiss]")?.addEventListener("click", leave);
  toast.dataset.armed = "";
  if (!toast.hasAttribute("data-stay")) start();
}
function armToasts() {
  for (const toast of document.querySelectorAll("#toasts .toast:not([data-armed])")) armToast(toast);
}
export function say(text) {
  const template = document.getElementById("toast-template");
  const list = document.getElementById("toasts");
  if (!template || !list) return;
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.querySelector(".toast-text").textContent = text;
  list.append(toast);
  armToasts();
}

// Dialogs: the browser's own, with a fallback for those without command invokers, and a body loaded by htmx.
document.addEventListener("click", (event) => {
  const opener = closest(event, "button[commandfor]");
  if (opener && !("commandForElement" in HTMLButtonElement.prototype)) {
    const dialog = document.getElementById(opener.getAttribute("commandfor"));
    if (opener.getAttribute("command") === "show-modal") dialog?.showModal();
    else dialog?.close();
  }
  const dialog = event.target instanceof HTMLDialogElement ? event.target : null;
  if (dialog?.hasAttribute("data-light") && event.target === dialog) dialog.close();
  const closer = closest(event, "[data-close-dialog]");
  if (closer && closer.closest("dialog")) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
  const copy = closest(event, "[data-copy]");
  if (copy && navigator.clipboard) {
    event.preventDefault();
    navigator.clipboard.writeText(copy.dataset.copy).then(() => say(copy.dataset.copied));
    copy.closest("[popover]")?.hidePopover();
  }
  if (closest(event, "[data-print]")) window.print();
  const inMenu = closest(event, ".menu a, .menu button");
  if (inMenu && !inMenu.hasAttribute("data-keep-open")) inMenu.closest("[popover]")?.hidePopover();
});
// Sent elsewhere (signed out meanwhile, or a form obeyed): go there instead of swapping a whole page into a part.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestPath, responsePath } = event.detail.pathInfo ?? {};
  const pathOf = (url) => new URL(url, location.href).pathname;
  if (responsePath && requestPath && pathOf(responsePath) !== pathOf(requestPath)) {
    event.detail.shouldSwap = false;
    location.assign(responsePath);
  }
});
document.addEventListener("htmx:afterSwap", (event) => {
  armToasts();
  if (event.detail.target?.id === "dialog-body") {
    const dialog = document.getElementById("dialog");
    if (dialog && !dialog.open) dialog.showModal();
    dialog?.querySelector("[autofocus], input:not([type=hidden]), select, textarea")?.focus();
  }
});

// The menu of a row is fetched when it is opened, so that a list of fifty does not carry fifty menus.
document.addEventListener("click", (event) => {
  const opener = closest(event, "[data-row-menu]");
  const menu = document.getElementById("row-menu");
  if (!opener || !menu?.showPopover || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  window.htmx.ajax("GET", opener.dataset.rowMenu, { target: menu, swap: "innerHTML" }).then(() => {
    if (menu.childElementCount) menu.showPopover({ source: opener });
  });
});

// Keys inside a menu.
document.addEventListener("keydown", (event) => {
  const menu = closest(event, ".menu");
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key) || closest(event, "input, select, textarea")) return;
  const items = [...menu.querySelectorAll("a, button")];
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  items[(next + items.length) % items.length]?.focus();
  event.preventDefault();
});
document.addEventListener(
  "toggle",
  (event) => {
    if (event.newState === "open" && event.target.matches?.(".menu")) event.target.querySelector("a, button, input, select")?.focus();
  },
  true,
);

// Page progress while htmx or the browser fetches.
let waiting;
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.closest?.("[data-quiet]")) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => document.getElementById("page-progress")?.removeAttribute("hidden"), 180);
});
document.addEventListener("htmx:afterRequest", () => {
  clearTimeout(waiting);
  document.getElementById("page-progress")?.setAttribute("hidden", "");
});
document.addEventListener("htmx:responseError", (event) => {
  const text = document.body.dataset.failed;
  if (text && ![422].includes(event.detail.xhr.status)) say(text);
});
document.addEventListener("htmx:sendError", () => {
  if (document.body.dataset.offline) say(document.body.dataset.offline);
});

// Shortcuts: ? lists them. `g` then a letter goes to a page of the navigation.
let going = 0;
document.addEventListener("keydown", (event) => {
  const typing = closest(event, "input, select, textarea, [contenteditable]");
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("palette:open"));
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("palette:open"));
  } else if (event.key === "?") {
    document.getElementById("shortcuts")?.showModal();
  } else if (event.key === "g") {
    going = Date.now();
  } else if (Date.now() - going < 1500) {
    going = 0;
    document.querySelector(`[data-go="${CSS.escape(event.key)}"]`)?.click();
  } else if (event.key === "n") {
    document.querySelector("[data-primary]")?.click();
  } else if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll(".row-link")];
    const at = links.indexOf(document.activeElement);
    links[event.key === "j" ? Math.min(at + 1, links.length - 1) : Math.max(at - 1, 0)]?.focus();
  }
});

// Leaving a form with unsaved changes asks first.
let dirty = false;
document.addEventListener("input", (event) => {
  if (closest(event, "form[data-guard]")) dirty = true;
});
document.addEventListener("submit", () => (dirty = false));
window.addEventListener("beforeunload", (event) => {
  if (dirty) event.preventDefault();
});

// The current tab is in sight, also where the row of tabs scrolls.
function showCurrentTabs() {
  for (const tab of document.querySelectorAll(".tabs-row > [aria-current]")) {
    const row = tab.parentElement;
    if (tab.offsetLeft + tab.offsetWidth > row.clientWidth - 28) row.scrollLeft = tab.offsetLeft - row.clientWidth / 3;
  }
}
document.addEventListener("htmx:afterSettle", showCurrentTabs);

// A field too narrow for its whole hint has a shorter one.
function shortenHints() {
  if (innerWidth < 768) for (const field of document.querySelectorAll("[data-short]")) field.placeholder = field.dataset.short;
}

function ready() {
  shortenHints();
  armToasts();
  showCurrentTabs();
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
else ready();

// What every page needs: texts, toasts, announcements, keys, times, the theme; offered to other files as `opsdash`.
(() => {
  "use strict";
  const root = document.documentElement;
  const find = (selector, inside = document) => inside.querySelector(selector);
  const findAll = (selector, inside = document) => [...inside.querySelectorAll(selector)];

  const texts = {};
  for (const element of findAll("script[data-texts]")) Object.assign(texts, JSON.parse(element.textContent));
  const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // ---- announcements for screen readers; everything outside an open dialog is inert, so they move into it
  const live = find("#live");
  const toasts = find("#toasts");
  const openDialogs = () => findAll("dialog[open]").filter((dialog) => dialog.matches(":modal"));
  function announce(text) {
    live.textContent = "";
    requestAnimationFrame(() => { live.textContent = text; });
  }
  function moveRegions() {
    const home = openDialogs().at(-1) ?? document.body;
    if (live.parentElement !== home) {
      live.textContent = ""; // what was said elsewhere is not said again
      home.append(live);
    }
    if (toasts.parentElement !== home) home.append(toasts);
    if (toasts.matches(":popover-open")) toasts.hidePopover();
    if (toasts.children.length) toasts.showPopover();
  }
  function openDialog(dialog) {
    if (!dialog.open) dialog.showModal();
    moveRegions();
  }
  document.addEventListener("close", moveRegions, true);

  // ---- toasts
  const LONGEST = 3;
  const SECONDS = { told: 3.5, actable: 8, undoable: 10 };
  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${texts.iconSprite}#${name}`);
    svg.append(use);
    return svg;
  }
  /** With `undo`, a function, or with an `action` of another name, which is a link or does `act`. */
  function toast({ kind = "success", text, undo = null, action = undo && texts.undo, href, act = undo }) {
    const element = document.createElement("div");
    element.className = `toast ${kind}`;
    element.setAttribute("role", kind === "error" ? "alert" : "status");
    const message = document.createElement("span");
    message.textContent = text;
    element.append(icon(kind === "error" ? "triangle-alert" : "circle-check"), message);
    if (action) element.append(control(action, href, () => { act?.(); dismiss(element); }));
    if (undo) {
      for (const [name, value] of [["data-undo", ""], ["title", "Ctrl+Z"], ["aria-keyshortcuts", "Control+Z"]]) element.lastElementChild.setAttribute(name, value);
    }
    while (toasts.children.length >= LONGEST) toasts.firstElementChild.remove();
    toasts.append(element);
    moveRegions();
    keep(element, 1000 * SECONDS[undo ? "undoable" : kind === "error" || action ? "actable" : "told"]);
    return element;
  }
  function control(label, href, act) {
    const element = document.createElement(href ? "a" : "button");
    if (href) element.href = href;
    else element.type = "button";
    element.textContent = label;
    element.addEventListener("click", act);
    return element;
  }
  function dismiss(element) {
    element.remove();
    if (!toasts.children.length && toasts.matches(":popover-open")) toasts.hidePopover();
  }
  function keep(element, milliseconds) {
    let timer;
    const start = () => { clearTimeout(timer); timer = setTimeout(() => dismiss(element), milliseconds); };
    const stop = () => clearTimeout(timer);
    for (const event of ["pointerenter", "focusin"]) element.addEventListener(event, stop);
    for (const event of ["pointerleave", "focusout"]) element.addEventListener(event, start);
    start();
  }
  /** Sends once more what `source` has sent, though other content may stand in its place by now. */
  function retry(source) {
    const present = source.isConnected ? source : opsdash.bringBack?.(source);
    if (present) htmx.trigger(present, "opsdash:retry");
  }
  document.addEventListener("opsdash:toast", ({ target, detail }) => {
    const again = detail.again && target !== document.body && { action: detail.again, act: () => retry(target) };
    toast({ ...detail, text: inZone(detail.text, detail.moments), ...again });
  });

  // ---- times: kept true while the page is open, and in the reader's own time zone
  const language = root.lang;
  const long = new Intl.RelativeTimeFormat(language);
  const short = new Intl.RelativeTimeFormat(language, { style: "short" });
  const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const dayOnly = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" });
  const UNITS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];
  const SOON = texts.slaSoonSeconds * 1000;
  /** Rounded as the server does it, so that nothing changes when this runs. */
  function amount(milliseconds) {
    const [unit, size] = UNITS.find(([, size]) => Math.abs(milliseconds) >= size) ?? UNITS.at(-1);
    const count = Math.max(1, Math.round(Math.abs(milliseconds) / size));
    return [milliseconds < 0 ? -count : count, unit];
  }
  function put(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }
  function tick(inside = document) {
    for (const element of findAll("time[data-sla], time[data-relative], time[data-day]", inside)) {
      const moment = new Date(element.dateTime);
      element.title = exact.format(moment);
      if ("day" in element.dataset) put(element, dayOnly.format(moment));
      else if ("sla" in element.dataset) tickSla(element, moment - Date.now());
      else put(element, Math.abs(moment - Date.now()) < 60_000 ? texts.now : long.format(...amount(moment - Date.now())));
    }
    for (const element of findAll("time[data-exact]", inside)) put(element, exact.format(new Date(element.dateTime)));
  }
  function tickSla(element, left) {
    const [count, unit] = amount(left);
    const size = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" });
    put(element, left < 0 ? say(texts.overdue, { time: size.format(-count) }) : short.format(count, unit));
    const badge = element.closest(".sla");
    if (!badge) return;
    badge.classList.remove("sla-calm", "sla-soon", "sla-breached");
    badge.classList.add(left < 0 ? "sla-breached" : left < SOON ? "sla-soon" : "sla-calm");
    find("use", badge)?.setAttribute("href", `${texts.iconSprite}#${left < 0 ? "flame" : "clock"}`);
  }
  /** A sentence of the server's, with its `{moments}` filled in. */
  const inZone = (text, moments = {}) =>
    Object.entries(moments).reduce((said, [key, at]) => said.replace(`{${key}}`, exact.format(new Date(at))), text);
  setInterval(tick, 30_000);
  document.addEventListener("htmx:after:swap", () => tick());

  // ---- one click handler: data-act="name"
  const acts = {
    theme() {
      const dark = root.classList.toggle("dark");
      localStorage.setItem("opsdash.theme", dark ? "dark" : "light");
    },
    help: () => openDialog(find("#help")),
    sidebar: () => showSidebar(true),
    "sidebar-close": () => showSidebar(false),
    "dialog-close": (button) => button.closest("dialog").close(),
  };
  function showSidebar(open) {
    find("#sidebar").classList.toggle("open", open);
    find(".scrim").hidden = !open;
    find("[data-act=sidebar]")?.setAttribute("aria-expanded", String(open));
    (open ? find("#sidebar a") : find("[data-act=sidebar]"))?.focus();
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button && acts[button.dataset.act]) acts[button.dataset.act](button, event);
  });
  document.addEventListener("pointerdown", (event) => {
    if (event.target.matches("#help[open]")) event.target.close();
  });

  // ---- keys: off while typing, with modifiers, in menus and in other dialogs, and for people who switched them off
  const keyMaps = [];
  const keys = {
    /** `map`: key → function; `when` says whether this map is the one in force now. */
    add(map, when = () => true) { keyMaps.push({ map, when }); },
    get enabled() { return root.dataset.shortcuts !== "off"; },
    names: keyNames,
    TYPING: "input:not([type=checkbox], [type=radio]), textarea, [contenteditable]",
  };
  const BUSY = `${keys.TYPING}, select, [popover]`;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && find("#sidebar.open")) showSidebar(false);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return submitFrom(event);
    if (!keys.enabled || event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest(BUSY) || find(".driver-active")) return;
    const act = keyNames(event).map((name) => keyMaps.find(({ map, when }) => map[name] && when())?.map[name]).find(Boolean);
    if (!act) return;
    event.preventDefault();
    act(event);
  });
  /** The letter, then, on a layout without Latin ones, the place of the key. */
  function keyNames({ key, code, shiftKey }) {
    if (key.length > 1) return [key];
    const places = { Slash: shiftKey ? "?" : "/" };
    const isLatin = /^[\u0020-\u024f]$/.test(key);
    return [key.toLowerCase(), ...(isLatin ? [] : [code.replace(/^Key/, "").toLowerCase(), places[code] ?? ""])];
  }
  function submitFrom(event) {
    const form = event.target.closest("form[data-submit-key]");
    if (!form) return;
    event.preventDefault();
    if (!event.repeat) form.requestSubmit();
  }
  keys.add({ "?": acts.help }, () => !openDialogs().length || openDialogs().at(-1).id === "drawer");

  // ---- requests: our token with every one; what went wrong is told once, in words
  document.addEventListener("htmx:config:request", (event) => {
    const token = find("meta[name=csrf-token]")?.content;
    const { request } = event.detail.ctx;
    if (token) request.headers["X-CSRF-Token"] = token;
    if (request.method !== "GET" && find("#rows")) request.headers["OpsDash-List"] = opsdash.listQuery();
  });
  document.addEventListener("htmx:error", (event) => {
    if (event.target.closest?.("[data-quiet]")) return;
    const source = event.detail.ctx?.sourceElement;
    const again = source?.isConnected && source !== document.body ? () => retry(source) : null;
    toast({ kind: "error", text: navigator.onLine ? texts.failed : texts.offline, action: again && texts.retry, act: again });
  });

  window.opsdash = { acts, announce, dismiss, findAll, find, icon, inZone, keys, moveRegions, openDialog, openDialogs, retry, say, texts, tick, toast };
  tick();
})();

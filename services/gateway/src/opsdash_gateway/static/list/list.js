// The list: filters and sorts without leaving the page, more rows, keys, selection.
(() => {
  "use strict";
  const { acts, announce, find, findAll, keys, openDialogs, say } = window.opsdash;
  const DEBOUNCE = 250;
  const board = () => find("#board");
  const form = () => find("#filters");
  const links = () => findAll(".ticket-link");
  const isList = (path) => /\/support$/.test(path);
  const here = () => location.pathname + location.search;
  let shown = isList(location.pathname) ? here() : board()?.dataset.address; // the list on the page, or on its way
  let rowsOf = shown; // the list whose rows are on the page
  let failed = null; // the list that could not be had
  let waiting;

  // ---- another list in the same page: the address first, then its rows; older requests are cancelled
  function show(address, { push = true } = {}) {
    if (!board()) return location.assign(address);
    clearTimeout(waiting);
    const url = new URL(address, location.href);
    if (!url.search) url.search = ""; // "?" alone is another address to browsers
    if (push && url.href !== location.href) history.pushState(null, "", url);
    shown = url.pathname + url.search;
    failed = null;
    markView();
    htmx.ajax("GET", shown, { source: board(), target: "#board", swap: "innerMorph" });
  }
  /** The address stays that of the rows on the page; what was wanted is asked for again when the line is back. */
  function couldNot() {
    if (failed !== null) return;
    failed = shown;
    shown = rowsOf;
    if (isList(location.pathname)) history.replaceState(history.state, "", rowsOf);
    markView();
  }
  function tryAgain() {
    if (failed !== null) show(failed);
  }
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => { if (ctx?.sourceElement === board()) couldNot(); });
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement === board() && ctx.response.status >= 400) couldNot();
  });
  for (const event of ["online", "opsdash:connected"]) addEventListener(event, tryAgain);
  /** The sidebar's numbers come without a mark: only the page knows which list it shows. */
  function markView() {
    if (!board()) return;
    const links = findAll("a[data-view]");
    const view = new URL(shown, location.href).searchParams.get("view") ?? "active";
    const marked = links.find((link) => link.dataset.view === view);
    for (const link of links) {
      if (link === marked) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
  document.addEventListener("htmx:after:swap", markView);
  /** What is ticked and typed, in the view and order that the list has or waits for: the form may be older. */
  function filtered() {
    const wanted = new URLSearchParams(new FormData(form()));
    const { searchParams } = new URL(shown, location.href);
    for (const name of ["view", "sort"]) wanted.set(name, searchParams.get(name) ?? "");
    for (const [name, value] of [...wanted]) if (!value.trim()) wanted.delete(name);
    return `${form().getAttribute("action")}${wanted.size ? `?${wanted}` : ""}`;
  }
  /** The order a header offers, of the list that is shown or waited for: the header may be older, and what is typed newer. */
  function sorted({ href }) {
    const url = new URL(shown, location.href);
    const wanted = { sort: new URL(href).searchParams.get("sort"), q: find("#q")?.value };
    for (const [name, value] of Object.entries(wanted)) {
      if (value?.trim()) url.searchParams.set(name, value);
      else url.searchParams.delete(name);
    }
    return url.href;
  }
  document.addEventListener("input", (event) => {
    if (event.target.id !== "q") return;
    clearTimeout(waiting);
    waiting = setTimeout(() => show(filtered()), DEBOUNCE);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("#filters input[type=checkbox]")) show(filtered());
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "filters") return;
    event.preventDefault();
    event.stopPropagation();
    show(filtered());
  }, true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-list], a[data-view]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || !board() || !isList(location.pathname)) return;
    event.preventDefault();
    const address = link.matches(".sort") ? sorted(link) : link.href;
    type(new URL(address));
    show(address);
    if (link.matches("[data-view]")) acts["sidebar-close"]?.();
  });
  document.addEventListener("click", (event) => {
    const csv = event.target.closest("a.csv");
    if (csv && board()) csv.search = opsdash.listQuery();
  });
  addEventListener("popstate", () => {
    if (!isList(location.pathname) || here() === shown) return;
    type(location);
    show(location.href, { push: false });
  });
  /** The search field is never swapped, so that nothing typed is lost; it follows the address here. */
  function type({ search }) {
    if (find("#q")) find("#q").value = new URLSearchParams(search).get("q") ?? "";
  }
  board()?.addEventListener("opsdash:retry", () => (failed === null ? opsdash.reloadList() : tryAgain()));
  opsdash.reloadList = () => { if (board()) show(shown, { push: false }); };
  opsdash.reloadFromTop = () => {
    opsdash.reloadList();
    find(".table-frame")?.scrollTo({ top: 0 }); // scrolls by itself on wide windows
    scrollTo({ top: 0 });
  };
  // On a first visit the server did not know yet which day is "today" here.
  addEventListener("DOMContentLoaded", () => {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    if (board() && board().dataset.zone !== timeZone && new URL(shown, location.href).searchParams.getAll("sla").includes("today")) opsdash.reloadList();
  });
  opsdash.listQuery = () => (board() ? new URL(shown, location.href).search : "");

  // ---- more rows: focus goes to the first new one
  let lastRow = null;
  document.addEventListener("htmx:before:request", (event) => {
    if (!event.detail.ctx.sourceElement?.matches?.("[data-more]")) return;
    event.detail.ctx.sourceElement.setAttribute("aria-disabled", "true");
    lastRow = find("#more").previousElementSibling;
  });
  document.addEventListener("htmx:after:swap", () => {
    const first = lastRow?.nextElementSibling;
    if (!first?.matches("[data-ticket]")) return;
    lastRow = null;
    find(".ticket-link", first).focus();
    announce(find("#shown").textContent);
  });
  document.addEventListener("htmx:error", (event) => {
    event.detail.ctx?.sourceElement?.removeAttribute?.("aria-disabled");
    lastRow = null;
  });
  document.addEventListener("opsdash:list-stale", () => opsdash.reloadFromTop());
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx?.target?.id !== "board") return;
    rowsOf = shown;
    for (const box of findAll("#filters input[type=checkbox]")) box.checked = box.defaultChecked;
    announce(find("#shown")?.textContent ?? find("#list h2")?.textContent ?? "");
    select();
  });

  // ---- keys
  function move(step) {
    const all = links();
    const now = all.findIndex((link) => link.closest("tr").contains(document.activeElement));
    const next = all[now < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, now + step))];
    next?.focus();
  }
  const idle = () => !openDialogs().length && board();
  const next = () => move(1);
  const previous = () => move(-1);
  keys.add({
    j: next,
    k: previous,
    ArrowDown: next,
    ArrowUp: previous,
    "/": () => find("#q")?.focus(),
    c: () => find("[data-new-ticket]")?.click(),
    x: () => document.activeElement.closest("tr[data-ticket]")?.querySelector("[data-select]")?.click(),
  }, idle);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.id === "q" && !event.target.value) event.target.blur();
  });

  // ---- selection
  let lastPicked = null;
  const boxes = () => findAll("[data-select]");
  function select() {
    const bar = find("#bulk");
    if (!bar) return;
    const chosen = boxes().filter((box) => box.checked);
    find("[name=ids]", bar).value = chosen.map((box) => box.closest("tr").dataset.ticket).join(",");
    find("[data-selected]", bar).textContent = say(bar.dataset.one, { count: chosen.length });
    if (bar.hidden !== !chosen.length) announce(chosen.length ? find("[data-selected]", bar).textContent : "");
    bar.hidden = !chosen.length;
    const all = find("[data-select-all]");
    if (!all) return;
    all.checked = chosen.length > 0 && chosen.length === boxes().length;
    all.indeterminate = chosen.length > 0 && !all.checked;
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-all]")) for (const box of boxes()) box.checked = event.target.checked;
    else if (!event.target.matches("[data-select]")) return;
    select();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.matches("[data-select]")) return;
    const all = boxes();
    if (event.shiftKey && lastPicked?.isConnected) {
      const [from, to] = [all.indexOf(lastPicked), all.indexOf(event.target)].sort((a, b) => a - b);
      for (const box of all.slice(from, to + 1)) box.checked = event.target.checked;
      select();
    }
    lastPicked = event.target;
  });
  acts.deselect = () => {
    for (const box of boxes()) box.checked = false;
    select();
  };
  document.addEventListener("opsdash:bulk-done", ({ detail }) => {
    for (const menu of findAll("#bulk [popover]")) if (menu.matches(":popover-open")) menu.hidePopover();
    const failed = new Set(detail.failed);
    for (const box of boxes()) box.checked = box.checked && failed.has(box.closest("tr").dataset.ticket);
    select();
  });

  opsdash.flash = (id) => {
    const row = find(`#ticket-${CSS.escape(id)}`);
    row?.classList.add("flash");
    setTimeout(() => row?.classList.remove("flash"), 1700);
  };
})();

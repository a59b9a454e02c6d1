// The inbox: keys, rows that change their state where they are, and what came since the page was made.
(() => {
  "use strict";
  const { acts, announce, find, findAll, keys, openDialogs, texts } = window.opsdash;
  const inbox = find("#inbox");
  if (!inbox) return;
  const filter = inbox.dataset.state;
  const base = document.documentElement.dataset.base;
  const NAMES = { unread: texts.inboxUnread, read: texts.inboxRead, archived: texts.inboxArchived };
  const rows = () => findAll("tr[data-row]", inbox);
  const linkOf = (row) => find("[data-open]", row);
  const focused = () => document.activeElement.closest?.("#inbox tr[data-row]");
  const refresh = () => htmx.trigger(inbox, "opsdash:refresh");

  // ---- rows
  function mark(row, state) {
    row.dataset.state = state;
    find("[data-state-name]", row).textContent = NAMES[state];
    for (const form of findAll("form[data-to]", row)) {
      const { to } = form.dataset;
      form.hidden = to === "archived" ? state === "archived" : (to === "unread") === (state === "unread");
    }
    if (state !== "unread") find(".badge", row)?.remove();
  }
  function takeAway(row) {
    const all = rows();
    const next = all[all.indexOf(row) + 1] ?? all[all.indexOf(row) - 1];
    const hadFocus = row.contains(document.activeElement) || document.activeElement === document.body;
    row.remove();
    if (hadFocus) (next ? linkOf(next) : find("#main")).focus();
    if (!next) refresh();
  }
  document.addEventListener("opsdash:inbox-row", ({ detail: { id, state } }) => {
    const row = find(`tr[data-row="${CSS.escape(id)}"]`, inbox);
    if (!row) return;
    announce(NAMES[state]);
    mark(row, state);
    if (filter !== "all" && filter !== state) takeAway(row);
  });
  // Who opens a ticket has read of it; the row stays where it is until the next look at the list.
  document.addEventListener("opsdash:drawer-opened", ({ detail: { number } }) => {
    const row = find(`tr[data-number="${number}"]`, inbox);
    if (row?.dataset.state === "unread") mark(row, "read");
  });
  document.addEventListener("opsdash:inbox-stale", refresh);

  // ---- what came since
  async function look() {
    const query = new URLSearchParams({ state: filter, after: find("#inbox-list").dataset.newest });
    await htmx.ajax("GET", `${base}/inbox/fresh?${query}`, { source: find("#connection"), target: "#inbox-fresh", swap: "outerMorph" });
  }
  for (const event of ["opsdash:inbox-told", "opsdash:resync"]) document.addEventListener(event, look);
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.target === inbox) find("#inbox-fresh").hidden = true;
  });
  acts["inbox-fresh"] = () => {
    refresh();
    find("#main").focus({ preventScroll: true });
  };

  // ---- keys
  function move(step) {
    const all = rows();
    const now = all.indexOf(focused());
    const next = all[now < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, now + step))];
    if (next) linkOf(next).focus();
  }
  const press = (...states) => {
    const row = focused();
    for (const state of states) find(`form[data-to="${state}"]:not([hidden])`, row ?? document.createElement("p"))?.requestSubmit();
  };
  const next = () => move(1);
  const previous = () => move(-1);
  keys.add({
    j: next,
    k: previous,
    ArrowDown: next,
    ArrowUp: previous,
    e: () => press("archived"),
    u: () => press("unread", "read"),
  }, () => !openDialogs().length);
})();

// What a signal of the live stream does to the page: asks for the parts it names, and never for what is there already.
(() => {
  "use strict";
  const { acts, announce, find, findAll, texts, tick } = window.opsdash;
  const place = find("#connection");
  if (!place) return;
  const base = `${document.documentElement.dataset.base}/support`;
  const ECHO = 1500; // own changes come back as the answer of their request; this long it may take
  const FOLLOWS = 1200; // a ticket's comment count follows its comment
  const MANY_ROWS = 25;
  const GATHER = 200; // new tickets often come in company
  const MOST_FRESH = 75;
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(`opsdash:${name}`, { detail }));
  const isMine = (signal) => signal.by === place.dataset.me;
  const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
  const get = (address, target, swap) => htmx.ajax("GET", address, { source: place, target, swap });

  // ---- rows: one request after the other, each ticket once
  const rowOf = (id) => find(`#ticket-${CSS.escape(id)}`);
  const waiting = new Map();
  let busy = false;
  function refreshRow(id, { force = false, version = Infinity } = {}) {
    const row = rowOf(id);
    if (row && (force || Number(row.dataset.version) < version)) waiting.set(id, row.dataset.number);
    if (waiting.size > MANY_ROWS) reload();
    else work();
  }
  async function work() {
    if (busy) return;
    busy = true;
    try {
      for (const [id, number] of waiting) {
        waiting.delete(id);
        await get(`${base}/${number}/row${opsdash.listQuery()}`, `#ticket-${CSS.escape(id)}`, "outerMorph");
        flash(rowOf(id));
      }
    } finally {
      busy = false;
    }
  }
  function flash(row) {
    if (!row) return;
    tick(row);
    row.classList.add("flash");
    setTimeout(() => row.classList.remove("flash"), 1700);
  }
  function greyOut(id) {
    const row = rowOf(id);
    row?.classList.add("gone");
    row?.setAttribute("title", texts.rowDeleted);
  }

  // ---- the pill: how many new tickets the list would have; the server knows, since it knows the filter
  const fresh = new Set();
  const pill = () => find("#fresh");
  let asking;
  // Numbers are given one after the other: of all up to the highest in a list, the list knew when it was loaded.
  let known;
  const noteKnown = () => { known = Math.max(0, ...findAll("#board tr[data-number]").map((row) => Number(row.dataset.number))); };
  noteKnown();
  async function expect(ticket) {
    if (ticket.kind === "created" && ticket.number <= known) return;
    if (isMine(ticket)) await pause(ECHO);
    if (!pill() || rowOf(ticket.id) || made.has(ticket.id) || fresh.has(ticket.id)) return;
    fresh.add(ticket.id);
    showPill();
  }
  function showPill() {
    clearTimeout(asking);
    asking = setTimeout(askForPill, GATHER);
    if (!fresh.size) pill().hidden = true;
  }
  async function askForPill() {
    if (!fresh.size) return;
    const query = new URLSearchParams(opsdash.listQuery());
    query.set("ids", [...fresh].slice(-MOST_FRESH).join(","));
    await get(`${base}/fresh?${query}`, "#fresh", "outerMorph");
    if (!fresh.size) pill().hidden = true;
  }
  // Said when it is there: a request that waits for another one's end resolves before its own answer has come.
  let said = "";
  document.addEventListener("htmx:after:swap", () => {
    const now = fresh.size && pill() && !pill().hidden ? pill().textContent : "";
    if (now && now !== said) announce(now);
    said = now;
  });
  function reload() {
    waiting.clear();
    if (find("#board")) opsdash.reloadList();
  }
  // Another list has what was new when it was asked for.
  const isBoard = (element) => element?.id === "board";
  let answered = [];
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => { if (isBoard(ctx.sourceElement)) answered = [...fresh]; });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (!isBoard(ctx.target)) return;
    for (const id of answered) fresh.delete(id);
    noteKnown();
    showPill();
  });
  acts.fresh = () => {
    waiting.clear();
    opsdash.reloadFromTop();
    find("#main").focus({ preventScroll: true });
  };
  const made = new Set();
  document.addEventListener("opsdash:ticket-created", ({ detail }) => { if (detail?.id) made.add(detail.id); });

  // ---- the open drawer
  const open = () => (opsdash.drawer?.isOpen?.() ? opsdash.drawer.view() : null);
  const isOpen = (id) => open()?.dataset.ticket === id;
  const isEdited = () => {
    const inside = find("#ticket-properties", open() ?? document.body);
    return inside && (inside.contains(document.activeElement) && document.activeElement.matches("input, textarea")
      || findAll(":popover-open", inside).length || findAll("select", inside).some((select) => matches(select, ":open")));
  };
  function matches(element, selector) {
    try { return element.matches(selector); } catch { return false; }
  }
  const TOLD = ["title", "description", "status", "priority", "category", "assignee_id", "contact_id", "project_id", "sla_due_at"];
  const isTold = (ticket) => !isMine(ticket) && ticket.changed?.some((name) => TOLD.includes(name));
  let late;
  let untold = false;
  function refreshDrawer({ by } = {}) {
    clearTimeout(late);
    untold ||= Boolean(by);
    const follows = open() && !("gone" in open().dataset);
    if (follows && isEdited()) {
      late = setTimeout(refreshDrawer, 1000);
      return;
    }
    const tells = untold;
    untold = false;
    if (follows) opsdash.drawer.refresh().then(() => { if (tells) announce(texts.ticketUpdated); });
  }
  // A change that another refresh brought along is told all the same, but not one that was there when the ticket was opened.
  const shownVersion = () => Number(find("#ticket-version", open())?.dataset.version);
  let openedWith = 0;
  function followChange(ticket) {
    if (shownVersion() < ticket.version) refreshDrawer(isTold(ticket) ? ticket : {});
    else if (isTold(ticket) && ticket.version > openedWith) announce(texts.ticketUpdated);
  }
  // Said when it is there, as the pill is.
  const arriving = new Set();
  document.addEventListener("htmx:after:swap", () => {
    for (const id of arriving) {
      const shown = find(`#comment-${CSS.escape(id)}`);
      if (!shown) continue;
      arriving.delete(id);
      announce(shown.getAttribute("aria-label"));
    }
  });
  document.addEventListener("opsdash:drawer-opened", () => {
    arriving.clear();
    untold = false;
    openedWith = shownVersion();
  });
  function sayDeleted() {
    const view = open();
    view.dataset.gone = "";
    if (find(".ticket-deleted", view)) return;
    const notice = document.createElement("p");
    notice.className = "ticket-deleted";
    notice.textContent = texts.ticketDeleted;
    find(".ticket-head", view)?.after(notice);
    announce(texts.ticketDeleted);
  }
  function sayRestored() {
    const view = open();
    delete view.dataset.gone;
    find(".ticket-deleted", view)?.remove();
    refreshDrawer();
  }

  // ---- signals
  const handlers = {
    async ticket(ticket) {
      tell("ticket-changed", { id: ticket.id, number: ticket.number, deleted: ticket.kind === "deleted" });
      if (isMine(ticket)) await pause(ECHO);
      if (ticket.kind === "deleted" || ticket.kind === "purged") {
        greyOut(ticket.id);
        if (fresh.delete(ticket.id)) showPill();
        if (isOpen(ticket.id)) sayDeleted();
        return;
      }
      if (ticket.kind === "restored" && isOpen(ticket.id)) sayRestored();
      if (ticket.kind !== "updated") expect(ticket);
      refreshRow(ticket.id, ticket);
      if (isOpen(ticket.id)) followChange(ticket);
    },
    async comment(comment) {
      if (isMine(comment)) await pause(ECHO);
      const here = find(`#comment-${CSS.escape(comment.id)}`);
      if (isOpen(comment.ticket) && !(here && Number(here.dataset.version) >= comment.version)) {
        if (comment.kind === "created") arriving.add(comment.id);
        await opsdash.drawer.refreshComment(comment.id);
      }
      await pause(FOLLOWS);
      refreshRow(comment.ticket, { force: true });
    },
    sla(due) {
      tick();
      if (due.kind === "breached") tell("ticket-changed", { id: due.ticket, number: due.number });
    },
    counts() {
      if (find("#counts")) get(`${base}/counts`, "#counts", "innerMorph");
      tell("counts", {});
    },
    inbox({ unread }) {
      tell("unread", { unread });
      tell("inbox-told", {});
    },
    resync() {
      reload();
      handlers.counts();
      tell("resync", {});
      if (!open()) return;
      refreshDrawer();
      if (!find(".comment.editing", open())) opsdash.drawer.refreshComments();
    },
  };
  document.addEventListener("opsdash:signal", ({ detail: { event, data } }) => handlers[event](data));
})();

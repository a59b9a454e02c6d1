// The ticket drawer: opens over the list and keeps address, keys and focus right; see properties.js and comments.js.
(() => {
  "use strict";
  const { acts, drafts, find, findAll, keys, moveRegions, openDialog, texts, tick, toast } = window.opsdash;
  const drawer = find("#drawer");
  const content = find("#drawer-content");
  if (!content) return;
  const list = `${document.documentElement.dataset.base}/support`;
  const view = () => find("#ticket-view", content);
  const isTicket = (path) => /\/support\/\d+$/.test(path);
  let listAddress = (isTicket(location.pathname) ? list : location.pathname) + location.search;

  // ---- opening
  let loading = null; // the ticket that is asked for; an answer that nobody waits for any more is not shown
  async function open(address, step = "push") {
    if (!isTicket(location.pathname)) listAddress = location.pathname + location.search;
    loading = address;
    await htmx.ajax("GET", address, { source: content, target: content, swap: "innerHTML", step, address });
  }
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement === content && "step" in ctx && ctx.address !== loading) event.preventDefault();
  });
  function shown(step) {
    const ticket = view();
    if (!ticket) return;
    if (!drawer.matches(":modal")) {
      drawer.close(); // the server opens it for browsers without scripts, but not as a modal
      openDialog(drawer);
    }
    if (location.pathname !== ticket.dataset.url) {
      const address = ticket.dataset.url + opsdash.listQuery(); // a reload shows the same list around it
      if (step === "push" && !isTicket(location.pathname)) history.pushState({ drawer: true }, "", address);
      else if (step) history.replaceState(history.state, "", address);
    }
    const [before, , after] = neighbours();
    find("[data-act=ticket-previous]", ticket)?.toggleAttribute("disabled", !before);
    find("[data-act=ticket-next]", ticket)?.toggleAttribute("disabled", !after);
    find("#drawer-title").focus({ preventScroll: true });
    tick(drawer);
    document.dispatchEvent(new CustomEvent("opsdash:drawer-opened", { detail: { number: Number(ticket.dataset.number) } }));
  }
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.sourceElement === content && "step" in ctx) {
      if (ctx.address === loading) loading = null;
      shown(ctx.step);
    }
    if (drawer.open) document.title = find("#drawer-title", content)?.dataset.title ?? document.title;
    if (ctx.target?.id === "ticket-dialog") showTicketDialog(ctx.target);
    moveRegions();
  });

  // ---- closing
  /** What is typed and not sent stays a draft of its ticket. `navigate` false: the address has changed already. */
  function close({ navigate = true } = {}) {
    loading = null;
    if (!drawer.open) return;
    const { number, ticket } = view()?.dataset ?? {};
    if (view() && "gone" in view().dataset) find(`tr[data-number="${number}"]`)?.remove();
    drawer.close();
    content.replaceChildren();
    document.title = content.dataset.listTitle;
    if (navigate && history.state?.drawer) history.back();
    else if (navigate) history.replaceState(null, "", listAddress);
    (find(`tr[data-ticket="${ticket}"] .ticket-link`) ?? find("#main"))?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("opsdash:drawer-closed"));
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !drawer.open) loading = null; });
  drawer.addEventListener("cancel", (event) => {
    if (event.target !== drawer) return;
    event.preventDefault();
    close();
  });
  drawer.addEventListener("mousedown", (event) => {
    if (event.target !== drawer) return;
    event.preventDefault(); // the press itself would take the focus from the row it has just gone back to
    close();
  });
  addEventListener("popstate", () => {
    if (isTicket(location.pathname)) open(location.pathname, "");
    else close({ navigate: false });
  });

  // ---- from the list, and from ticket to ticket along its rows
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.ticket-link");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(link.getAttribute("href"));
  });
  // The link covers its own cell; the rest of the row does the same for a pointer.
  function rowPressed(event) {
    const row = event.target.closest("tr[data-ticket]");
    if (!row || event.target.closest("a, button, label, input")) return;
    const link = find(".ticket-link", row);
    if (event.button === 1 || event.ctrlKey || event.metaKey || event.shiftKey) globalThis.open(link.href, "_blank");
    else if (!event.button && !getSelection().toString()) open(link.getAttribute("href"));
  }
  document.addEventListener("click", rowPressed);
  document.addEventListener("auxclick", rowPressed);
  function neighbours() {
    const links = findAll("tr[data-ticket] .ticket-link");
    const shownOrComing = loading ?? view()?.dataset.url;
    const here = links.findIndex((link) => link.getAttribute("href") === shownOrComing);
    return here < 0 ? [] : [links[here - 1], links[here], links[here + 1]];
  }
  function step(to) {
    const link = neighbours()[to];
    if (link) open(link.getAttribute("href"), "replace");
  }

  // ---- dialogs over the drawer: edit, delete, recompute, earlier texts
  function showTicketDialog(dialog) {
    if (!dialog.firstElementChild) return;
    openDialog(dialog);
    (find("[aria-invalid=true]", dialog) ?? find("[autofocus]", dialog))?.focus();
    tick(dialog);
  }
  function closeTicketDialog() {
    const dialog = find("#ticket-dialog");
    const edit = find("#ticket-edit", dialog);
    if (edit && drafts.read(drafts.nameFor(edit))) toast({ text: texts.draftKept });
    dialog.close();
    dialog.replaceChildren();
  }
  drawer.addEventListener("cancel", (event) => { if (event.target.id === "ticket-dialog") closeTicketDialog(); }, true);
  drawer.addEventListener("pointerdown", (event) => { if (event.target.id === "ticket-dialog") closeTicketDialog(); });

  Object.assign(acts, {
    "drawer-close": (_, event) => { event.preventDefault(); close(); },
    "ticket-previous": () => step(0),
    "ticket-next": () => step(2),
    "ticket-dialog-close": () => closeTicketDialog(),
    async "copy-link"() {
      await navigator.clipboard.writeText(location.origin + view().dataset.url);
      toast({ text: texts.copied });
    },
    "ticket-tab": (tab) => selectTab(tab),
  });
  function selectTab(tab) {
    for (const other of findAll("[role=tab]", content)) {
      const selected = other === tab;
      other.setAttribute("aria-selected", String(selected));
      other.tabIndex = selected ? 0 : -1;
      find(`#${other.getAttribute("aria-controls")}`).hidden = !selected;
    }
    if (tab.id === "tab-activity") htmx.trigger(find("#activity"), "opsdash:open");
  }
  content.addEventListener("keydown", (event) => {
    if (!event.target.matches("[role=tab]") || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = findAll("[role=tab]", content).find((tab) => tab !== event.target);
    selectTab(other);
    other.focus();
  });

  // ---- deleted here: the row goes, and comes back when that is undone
  document.addEventListener("opsdash:ticket-deleted", ({ detail: { number, text, url } }) => {
    const row = find(`tr[data-number="${number}"]`);
    find("#ticket-dialog")?.close();
    close();
    const back = row ? opsdash.takeOut(row) : () => true;
    document.dispatchEvent(new CustomEvent("opsdash:ticket-changed", { detail: { id: row?.dataset.ticket, number, deleted: true } }));
    toast({ text, undo: () => undo(url, back) });
  });
  async function undo(url, back) {
    const restored = () => { if (!back()) opsdash.reloadList(); };
    document.addEventListener("opsdash:ticket-restored", restored, { once: true });
    await htmx.ajax("POST", url, { source: find("#main"), swap: "none", headers: { "Idempotency-Key": crypto.randomUUID() } });
    document.removeEventListener("opsdash:ticket-restored", restored);
  }

  // ---- keys while the drawer is on top
  const onTop = () => drawer.open && opsdash.openDialogs().at(-1) === drawer;
  /** A choice made this way gives the focus back: in a select the next key would be a letter to search for. */
  function choose(key) {
    const select = find(`select[data-key="${key}"]`, content);
    if (!select) return;
    const before = document.activeElement;
    const chosen = new AbortController();
    const goBack = () => { chosen.abort(); setTimeout(() => before.focus()); }; // the list closes after this and takes the focus
    select.addEventListener("change", goBack, { signal: chosen.signal });
    select.addEventListener("focusout", ({ relatedTarget }) => { if (!select.contains(relatedTarget)) chosen.abort(); }, { signal: chosen.signal });
    select.focus();
    try { select.showPicker(); } catch { /* not every browser opens it for a script */ }
  }
  /** Its menu stands above the button, so the button has to be in view. */
  function openReminder() {
    const button = find("[popovertarget=remind]", content);
    button?.scrollIntoView({ block: "end" });
    button?.click();
  }
  keys.add({
    j: () => step(2),
    k: () => step(0),
    r: () => find("#composer-body")?.focus(),
    h: openReminder,
    s: () => choose("s"),
    p: () => choose("p"),
    a: () => choose("a"),
  }, onTop);

  window.opsdash.drawer = Object.assign(window.opsdash.drawer ?? {}, { close, closeDialog: closeTicketDialog, open, view, isOpen: () => drawer.open });
  if (view()) addEventListener("DOMContentLoaded", () => shown(""));
})();

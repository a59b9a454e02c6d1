// The ticket drawer: opens over the list and keeps address, keys and focus right; see properties.js and comments.js.
(() => {
  "use strict";
  const { acts, find, findAll, keys, moveRegions, openDialog, texts, tick, toast } = window.opsdash;
  const drawer = find("#drawer");
  const content = find("#drawer-content");
  if (!content) return;
  const list = `${document.documentElement.dataset.base}/support`;
  const view = () => find("#ticket-view", content);
  const isTicket = (path) => /\/support\/\d+$/.test(path);
  let listAddress = isTicket(location.pathname) ? list : location.pathname + location.search;

  // ---- opening
  async function open(address, step = "push") {
    if (drawer.open && view()?.dataset.url !== address && !mayLeave()) return;
    if (!isTicket(location.pathname)) listAddress = location.pathname + location.search;
    await htmx.ajax("GET", address, { source: content, target: content, swap: "innerHTML", step });
  }
  function shown(step) {
    const ticket = view();
    if (!ticket) return;
    if (!drawer.matches(":modal")) {
      drawer.close(); // the server opens it for browsers without scripts, but not as a modal
      openDialog(drawer);
    }
    if (location.pathname !== ticket.dataset.url) {
      if (step === "push" && !isTicket(location.pathname)) history.pushState({ drawer: true }, "", ticket.dataset.url);
      else if (step) history.replaceState(history.state, "", ticket.dataset.url);
    }
    const [before, , after] = neighbours();
    find("[data-act=ticket-previous]", ticket)?.toggleAttribute("disabled", !before);
    find("[data-act=ticket-next]", ticket)?.toggleAttribute("disabled", !after);
    find("#drawer-title").focus({ preventScroll: true });
    tick(drawer);
    document.dispatchEvent(new CustomEvent("opsdash:drawer-opened", { detail: { number: Number(ticket.dataset.number) } }));
  }
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.sourceElement === content && "step" in ctx && view()) shown(ctx.step);
    if (ctx.target?.id === "ticket-dialog") showTicketDialog(ctx.target);
    moveRegions();
  });

  // ---- closing
  function mayLeave() {
    if (!opsdash.unsent?.() || confirm(texts.discard)) {
      opsdash.forget?.();
      return true;
    }
    return false;
  }
  /** `navigate` false: the address has changed already. */
  function close({ navigate = true, ask = true } = {}) {
    if (!drawer.open || (ask && !mayLeave())) return false;
    const { number, ticket } = view()?.dataset ?? {};
    if (view() && "gone" in view().dataset) find(`tr[data-number="${number}"]`)?.remove();
    drawer.close();
    content.replaceChildren();
    if (navigate && history.state?.drawer) history.back();
    else if (navigate) history.replaceState(null, "", listAddress);
    (find(`#ticket-${ticket} .ticket-link`) ?? find("#main"))?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("opsdash:drawer-closed"));
    return true;
  }
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
    else if (drawer.open && !close({ navigate: false })) history.pushState({ drawer: true }, "", view().dataset.url);
  });

  // ---- from the list, and from ticket to ticket along its rows
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.ticket-link");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(link.getAttribute("href"));
  });
  function neighbours() {
    const links = findAll("tr[data-ticket] .ticket-link");
    const here = links.findIndex((link) => link.getAttribute("href") === view()?.dataset.url);
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
  function closeTicketDialog(event) {
    const dialog = find("#ticket-dialog");
    const form = find("form[data-guarded]", dialog);
    if (form && findAll("input, textarea", form).some((field) => field.value !== field.defaultValue) && !confirm(texts.discard)) {
      event?.preventDefault();
      return;
    }
    dialog.close();
    dialog.replaceChildren();
  }
  document.addEventListener("opsdash:ticket-edited", () => find("#ticket-dialog")?.close());
  drawer.addEventListener("cancel", (event) => { if (event.target.id === "ticket-dialog") closeTicketDialog(event); }, true);
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
  document.addEventListener("opsdash:ticket-deleted", ({ detail }) => {
    const row = find(`tr[data-number="${detail.number}"]`);
    const place = row && { parent: row.parentElement, next: row.nextElementSibling };
    find("#ticket-dialog")?.close();
    close({ ask: false });
    row?.remove();
    if (!find("tr[data-ticket]")) opsdash.reloadList(); // it was the only one
    document.dispatchEvent(new CustomEvent("opsdash:ticket-changed", { detail: { id: row?.dataset.ticket, number: detail.number, deleted: true } }));
    toast({
      text: detail.text,
      action: detail.undo,
      act: () => undo(detail.url, row, place),
    });
  });
  async function undo(url, row, place) {
    const restored = () => {
      if (place?.parent.isConnected) place.parent.insertBefore(row, place.next?.isConnected ? place.next : null);
      else opsdash.reloadList();
    };
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
  keys.add({
    j: () => step(2),
    k: () => step(0),
    r: () => find("#composer-body")?.focus(),
    s: () => choose("s"),
    p: () => choose("p"),
    a: () => choose("a"),
  }, onTop);

  window.opsdash.drawer = Object.assign(window.opsdash.drawer ?? {}, { close, open, view, isOpen: () => drawer.open });
  if (view()) addEventListener("DOMContentLoaded", () => shown(""));
})();

// The form of a new ticket, in the dialog or as a page: contacts, the SLA hint, the moment that is meant by a local time.
(() => {
  "use strict";
  const { acts, dismiss, drafts, find, openDialog, say, texts } = window.opsdash;
  const dialog = find("#dialog");
  const form = () => find("#new-ticket");
  const support = `${document.documentElement.dataset.base}/support`;

  // ---- a draft until it is created: closing, a reload and an ended session lose nothing of it
  const NOT_TYPED = ["key", "offset", "csrf_token", "another"];
  const draftName = drafts.nameOf(`${support}/new`);
  const typed = () => [...new FormData(form())].filter(([name]) => !NOT_TYPED.includes(name));
  let untouched = "[]";
  function remember({ sent = false } = {}) {
    if ("created" in form().dataset) return;
    const draft = { values: typed(), key: sent ? form().elements.key.value : (kept()?.key ?? null) };
    if (JSON.stringify(draft.values) === untouched && !sent) forget();
    else drafts.keep(draftName, draft);
  }
  const kept = () => drafts.read(draftName);
  const forget = () => drafts.forget(draftName);
  /** With the key it was sent with, if it was: perhaps the ticket exists, and only its answer was lost. */
  function restore() {
    const draft = kept();
    if (!draft) return;
    for (const [name, value] of draft.values) if (form().elements[name]) form().elements[name].value = value;
    if (draft.key) form().elements.key.value = draft.key;
    showHint();
    offer = opsdash.toast({ text: texts.restored, action: texts.startAfresh, act: startAfresh });
  }
  let offer = null; // to start afresh: it leaves with its form
  function withdrawOffer() {
    if (offer) dismiss(offer);
    offer = null;
  }
  function startAfresh() {
    forget();
    if (find("#dialog form")) htmx.ajax("GET", `${support}/new`, { source: dialog, target: dialog, swap: "innerHTML" });
    else if (form()) location.reload();
  }
  function opened() {
    if (!form() || form().dataset.ready) return;
    form().dataset.ready = "";
    withdrawOffer();
    if (find("[aria-invalid=true]", form())) return;
    untouched = JSON.stringify(typed());
    restore();
  }
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    opened();
    const home = ctx?.target;
    if (!home?.matches?.("[data-form-home]") || !home.childElementCount) return;
    if (home === dialog) openDialog(dialog);
    (find("[aria-invalid=true]", home) ?? find("[autofocus]", home))?.focus();
  });
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement !== form() || ctx.response.status >= 300) return;
    forget();
    form().dataset.created = ""; // its fields still tell that they changed, when they go
  });
  addEventListener("DOMContentLoaded", () => {
    opened();
    if (!form() && kept() && find("[data-new-ticket]"))
      opsdash.toast({ text: texts.ticketKept, action: texts.continueTicket, act: () => find("[data-new-ticket]").click() });
  });

  // ---- closing keeps what was typed
  function close() {
    withdrawOffer();
    if (form() && kept()) opsdash.toast({ text: texts.draftKept });
    dialog.close();
    dialog.replaceChildren();
  }
  const closeAny = acts["dialog-close"];
  acts["dialog-close"] = (button) => {
    if (dialog.contains(button)) close();
    else if (button.closest("dialog")) closeAny(button);
    else location.assign(support); // the form as a page
  };
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    close();
  });
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog) close();
  });
  document.addEventListener("opsdash:ticket-created", ({ detail }) => {
    if (!detail.another && dialog.open) close();
    if (find("#rows")) opsdash.flash(detail.id);
    else if (find("#board")) opsdash.reloadList();
    else if (!detail.another) location.assign(`${support}/${detail.number}`);
  });

  // ---- fields
  function contactFound() {
    const input = find("#new-contact");
    const option = [...find("#contact-options").options].find((item) => item.value === input.value);
    find("[name=contact_id]", form()).value = option?.dataset.id ?? "";
    return Boolean(option);
  }
  let waiting;
  document.addEventListener("input", ({ target }) => {
    if (!form()?.contains(target)) return;
    remember();
    if (target.id !== "new-contact" || contactFound()) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => findContacts(target), 200);
  });
  async function findContacts(input) {
    const words = new URLSearchParams({ contact: input.value });
    const answer = await fetch(`${input.dataset.address}?${words}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok || !input.isConnected) return;
    const options = new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("option");
    find("#contact-options").replaceChildren(...options);
    contactFound();
  }
  document.addEventListener("focusin", ({ target }) => {
    if (target.id === "new-contact" && !find("#contact-options").options.length) findContacts(target);
  });
  function showHint() {
    const option = find("#new-priority").selectedOptions[0];
    const hint = find("[data-hint]", form());
    hint.textContent = say(hint.dataset.hint, { hours: option.dataset.hours, priority: option.textContent.trim().toLowerCase() });
  }
  document.addEventListener("change", ({ target }) => {
    if (!form()?.contains(target)) return;
    remember();
    if (target.id === "new-priority") showHint();
  });
  // The server adds this to what was typed; where the clock jumps it leads to the moment that the browser means.
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement !== form()) return;
    remember({ sent: true });
    const local = ctx.request.body.get("due");
    if (local) ctx.request.body.set("offset", String(Math.round((new Date(local) - Date.parse(`${local}Z`)) / 60_000)));
  });
})();

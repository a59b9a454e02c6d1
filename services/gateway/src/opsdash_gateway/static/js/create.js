// The new-ticket dialog: opens with its content, asks before it throws text away, finds contacts, keeps the SLA hint true.
(() => {
  "use strict";
  const { acts, find, openDialog, say, texts } = window.opsdash;
  const dialog = find("#dialog");
  const form = () => find("form[data-unsaved]", dialog);
  let untouched = "";
  const typed = () => JSON.stringify([...new FormData(form())].filter(([name]) => !["key", "offset", "csrf_token", "another"].includes(name)));

  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx?.target !== dialog || !dialog.childElementCount) return;
    openDialog(dialog);
    if (!find("[aria-invalid=true]", dialog)) untouched = form() ? typed() : "";
    (find("[aria-invalid=true]", dialog) ?? find("[autofocus]", dialog))?.focus();
  });

  // ---- closing
  function close() {
    if (form() && typed() !== untouched && !confirm(texts.discard)) return;
    dialog.close();
    dialog.replaceChildren();
  }
  const closeAny = acts["dialog-close"];
  acts["dialog-close"] = (button) => (dialog.contains(button) ? close() : closeAny(button));
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    close();
  });
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog) close();
  });
  document.addEventListener("opsdash:ticket-created", (event) => {
    if (!event.detail.another) {
      dialog.close();
      dialog.replaceChildren();
    }
    if (!find("#rows")) opsdash.reloadList();
    else opsdash.flash(event.detail.id);
  });

  // ---- fields
  function contactFound() {
    const input = find("#new-contact");
    const option = [...find("#contact-options").options].find((item) => item.value === input.value);
    find("[name=contact_id]", form()).value = option?.dataset.id ?? "";
    return Boolean(option);
  }
  let waiting;
  dialog.addEventListener("input", (event) => {
    if (event.target.id !== "new-contact" || contactFound()) return;
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const words = new URLSearchParams({ contact: event.target.value });
      const answer = await fetch(`${event.target.dataset.address}?${words}`, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (!answer?.ok || !event.target.isConnected) return;
      const options = new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("option");
      find("#contact-options").replaceChildren(...options);
      contactFound();
    }, 200);
  });
  dialog.addEventListener("focusin", (event) => {
    if (event.target.id === "new-contact" && !find("#contact-options").options.length) event.target.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
  dialog.addEventListener("change", (event) => {
    if (event.target.id === "new-priority") {
      const option = event.target.selectedOptions[0];
      const hint = find("[data-hint]", dialog);
      hint.textContent = say(hint.dataset.hint, { hours: option.dataset.hours, priority: option.textContent.trim().toLowerCase() });
    }
    if (event.target.id === "new-due" && event.target.value)
      find("[name=offset]", form()).value = new Date(event.target.value).getTimezoneOffset();
  });
})();

// Saving a ticket from its drawer: the version that was seen, one key per attempt, selects that tell the truth.
(() => {
  "use strict";
  const { find, findAll, texts, tick, toast } = window.opsdash;
  const content = find("#drawer-content");
  if (!content) return;
  const inDrawer = (element) => element instanceof Element && content.contains(element);

  // ---- conditions of every write; the same attempt again has the same key, so nothing happens twice
  const attempts = new WeakMap();
  const versionFor = (source) =>
    source.closest("[data-version]")?.dataset.version ?? find("#ticket-version", content)?.dataset.version;
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    const source = ctx.sourceElement;
    if (ctx.request.method === "GET" || !inDrawer(source)) return;
    const version = versionFor(source);
    if (version && source.id !== "composer") ctx.request.headers["If-Match"] = `"${version}"`;
    const what = `${ctx.request.action} ${ctx.request.body}`;
    const last = attempts.get(source);
    const key = last?.what === what ? last.key : crypto.randomUUID();
    attempts.set(source, { what, key });
    ctx.request.headers["Idempotency-Key"] = key;
  });

  // ---- after an answer
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const source = ctx.sourceElement;
    if (!inDrawer(source)) return;
    const { status } = ctx.response;
    if (status < 500 && ctx.request.method !== "GET") attempts.delete(source);
    if (status >= 500) offerRetry(ctx);
    if (status < 300 && source.dataset.closes) closeOverlay(source.dataset.closes);
    if (status < 300 && source.id === "property-priority") hintOnce();
  });
  function closeOverlay(id) {
    const element = document.getElementById(id);
    if (element?.matches("dialog")) element.close();
    else element?.hidePopover();
  }
  // The server names the fault; here it gets a button.
  function offerRetry(ctx) {
    const told = ctx.hx?.trigger && JSON.parse(ctx.hx.trigger)["opsdash:toast"];
    if (ctx.hx) delete ctx.hx.trigger;
    const source = ctx.sourceElement;
    const act = "step" in ctx ? () => opsdash.drawer.open(ctx.request.action, ctx.step) : () => htmx.trigger(source, "opsdash:retry");
    toast({ kind: "error", text: told?.text ?? texts.failed, action: texts.retry, act });
  }
  // Whoever changes a priority for the first time learns that the due time stays.
  function hintOnce() {
    if (localStorage.getItem("opsdash.priority-hint")) return;
    localStorage.setItem("opsdash.priority-hint", "shown");
    const hint = find("#sla-hint", content);
    hint.textContent = texts.priorityHint;
    hint.hidden = false;
  }

  // ---- selects show what is saved; what could not be saved waits for the retry
  const wanted = new WeakMap();
  function showSaved() {
    for (const select of findAll(".property select", content)) {
      const saved = find("option[selected]", select);
      if (saved && !saved.selected) {
        wanted.set(select, select.value);
        saved.selected = true;
      }
    }
  }
  document.addEventListener("opsdash:retry", ({ target }) => {
    if (wanted.has(target)) target.value = wanted.get(target);
  }, true);
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    if (!inDrawer(ctx.sourceElement)) return;
    const form = ctx.sourceElement.closest("form[data-version], [data-comment]");
    if (ctx.response?.status === 412 && form) followVersion(form);
    showSaved();
    tick(content);
  });
  // Text that was overtaken stays typed; the next save is based on what everybody sees now.
  function followVersion(element) {
    element.dataset.version = find("[data-now-version]", element)?.dataset.nowVersion ?? find("#ticket-version", content).dataset.version;
  }

  // ---- popovers fetch what they show when they open
  document.addEventListener("toggle", (event) => {
    if (event.newState !== "open" || !inDrawer(event.target)) return;
    for (const element of findAll("[hx-trigger*='opsdash:open']", event.target)) htmx.trigger(element, "opsdash:open");
    for (const input of findAll("[data-local-time]", event.target)) fillLocal(input);
    find("[autofocus]", event.target)?.focus();
  }, true);

  // ---- moments are typed in the reader's zone and sent in UTC
  function localText(iso) {
    const moment = new Date(iso);
    return new Date(moment - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  }
  function fillLocal(input) {
    input.value = input.dataset.localTime ? localText(input.dataset.localTime) : "";
    const error = find("#sla-error", content);
    if (error) error.textContent = "";
  }
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    if (!inDrawer(ctx.sourceElement)) return;
    for (const input of findAll("[data-local-time]", ctx.sourceElement)) {
      const given = input.dataset.localTime;
      const unchanged = given && localText(given) === input.value;
      ctx.request.body.set(input.name, unchanged ? given : input.value && new Date(input.value).toISOString());
    }
  });
})();

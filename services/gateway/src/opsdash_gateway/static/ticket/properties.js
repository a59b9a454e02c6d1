// Saving a ticket from its drawer: the version that was seen, one key per attempt, selects that tell the truth.
(() => {
  "use strict";
  const { announce, drafts, find, findAll, inZone, retry, texts, tick, toast } = window.opsdash;
  const content = find("#drawer-content");
  if (!content) return;
  const OVERTAKEN = 412; // somebody else has changed the same
  const isDraft = (source) => source instanceof HTMLFormElement && "draft" in source.dataset;
  const inDrawer = (element) => element instanceof Element && content.contains(element);

  // ---- conditions of every write; the same attempt has the same key until its answer is shown, so nothing happens twice
  const attempts = new Map();
  const attemptOf = ({ action, body }) => {
    const what = new URLSearchParams(body);
    what.delete("csrf_token"); // another one after signing in again
    return `${action} ${what}`;
  };
  /** What is a draft may be sent again after a reload, so its key is kept as long. */
  function keyOf(source, what) {
    const known = isDraft(source) ? drafts.keyOf(drafts.nameFor(source), what) : null;
    const key = attempts.get(what) ?? known ?? crypto.randomUUID();
    attempts.set(what, key);
    if (isDraft(source)) drafts.keepKey(drafts.nameFor(source), what, key);
    return key;
  }
  function answered(source, what) {
    attempts.delete(what);
    if (isDraft(source)) drafts.forgetKey(drafts.nameFor(source));
  }
  const versionFor = (source) =>
    source.closest("[data-version]")?.dataset.version ?? find("#ticket-version", content)?.dataset.version;
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    const source = ctx.sourceElement;
    if (isDraft(source) && !source.isConnected) return event.preventDefault(); // sent twice, and done by the first
    if (ctx.request.method === "GET" || !inDrawer(source)) return;
    const version = versionFor(source);
    if (version && source.id !== "composer") ctx.request.headers["If-Match"] = `"${version}"`;
    ctx.request.headers["Idempotency-Key"] = keyOf(source, attemptOf(ctx.request));
  });

  // What was seen goes along, as it was when somebody chose: the request may wait for another one.
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    if (ctx.request.method === "GET" || !inDrawer(ctx.sourceElement)) return;
    if (ctx.sourceElement.matches("select")) wanted.set(ctx.sourceElement, ctx.sourceElement.value);
    const seen = JSON.parse(find("#ticket-version", content)?.dataset.seen ?? "{}");
    for (const name of Object.keys(seen)) if (ctx.request.body.has(name)) ctx.request.body.set(`seen.${name}`, seen[name]);
  });

  // ---- after an answer
  document.addEventListener("opsdash:ticket-changed", ({ detail }) => { if (detail.said) announce(inZone(detail.said, detail.moments)); });
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const source = ctx.sourceElement;
    if (!inDrawer(source)) return;
    const { status } = ctx.response;
    if (status >= 500) offerRetry(ctx);
    if ((status < 300 || status === OVERTAKEN) && source.dataset.closes) closeOverlay(source.dataset.closes);
    if (status < 300 && "resets" in source.dataset) source.reset(); // the next one begins empty
    if (status < 300 && source.id === "property-priority") hintOnce();
  });
  // ---- an answer whose form has gone: where its ticket is still shown it stands for the form once more, else only the
  // list and the toast have it, because the drawer was closed or shows another ticket
  const numberIn = (address) => address.match(/\/support\/(\d+)/)?.[1];
  const isShown = (address) => opsdash.drawer.view()?.dataset.number === numberIn(address);
  /** What stands for a form or select that has gone; null where only opening its ticket helps. */
  opsdash.bringBack = (source) => {
    const address = source.getAttribute("hx-post");
    if (!address) return null;
    if (!isShown(address)) {
      opsdash.drawer.open(address.match(/.*\/support\/\d+/)[0]);
      return null;
    }
    const successor = source.id && document.getElementById(source.id);
    if (successor) wanted.set(successor, wanted.get(source));
    else {
      source.hidden = true;
      content.append(source);
      htmx.process(source, true);
    }
    return successor || source;
  };
  const ELSEWHERE = ["opsdash:ticket-changed", "opsdash:toast"];
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    if (ctx.request.method === "GET" || ctx.sourceElement.isConnected) return;
    const source = ctx.sourceElement;
    const orphan = !isShown(ctx.request.action);
    const sourceElement = (!orphan && !isDraft(source) && opsdash.bringBack(source)) || document.body;
    Object.assign(ctx, { sourceElement, target: document.body, swap: "none", orphan });
    if (!ctx.orphan || !ctx.hx.trigger) return;
    const told = Object.entries(JSON.parse(ctx.hx.trigger)).filter(([name]) => ELSEWHERE.includes(name));
    ctx.hx.trigger = JSON.stringify(Object.fromEntries(told));
  });
  // What was asked for because of somebody else's change is for the ticket that was open then.
  const isLate = ({ request, sourceElement }) => request.method === "GET" && !sourceElement.isConnected && !isShown(request.action);
  document.addEventListener("htmx:before:swap", ({ detail: { ctx, tasks } }) => {
    if (ctx.orphan || isLate(ctx)) tasks.splice(0, Infinity, ...tasks.filter(({ target }) => !content.contains(target)));
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
    const act = "step" in ctx ? () => opsdash.drawer.open(ctx.request.action, ctx.step) : () => retry(source);
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
  /** Browsers copy the chosen option into `selectedcontent` when somebody chooses, not when an answer changes the options. */
  function showChosen(select) {
    const [option] = select.selectedOptions;
    if (option) find("selectedcontent", select)?.replaceChildren(...option.cloneNode(true).childNodes);
  }
  function showSaved() {
    for (const select of findAll(".property select", content)) {
      const saved = find("option[selected]", select);
      if (saved && !saved.selected) saved.selected = true;
      showChosen(select);
    }
  }
  document.addEventListener("opsdash:retry", ({ target }) => {
    if (wanted.has(target)) target.value = wanted.get(target);
  }, true);
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    if (ctx.request.method !== "GET" && ctx.response?.status < 500) answered(ctx.sourceElement, attemptOf(ctx.request));
    if (!inDrawer(ctx.sourceElement)) return;
    const form = ctx.sourceElement.closest("form[data-version], [data-comment]");
    if (ctx.response?.status === OVERTAKEN && form) followVersion(form);
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
    if (!inDrawer(ctx.sourceElement) || ctx.request.method === "GET") return;
    for (const input of findAll("[data-local-time]", ctx.sourceElement)) {
      const given = input.dataset.localTime;
      const unchanged = given && localText(given) === input.value;
      ctx.request.body.set(input.name, unchanged ? given : input.value && new Date(input.value).toISOString());
    }
  });
})();

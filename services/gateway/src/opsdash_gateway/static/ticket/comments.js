// Comments: reply, drafts that survive a reload, deleting, pages that join without doubles.
(() => {
  "use strict";
  const { acts, announce, drafts, find, findAll, say, texts, tick, toast } = window.opsdash;
  const content = find("#drawer-content");
  if (!content) return;
  const composer = () => find("#composer", content);
  const view = () => find("#ticket-view", content);
  const ticketUrl = () => view()?.dataset.url;

  // ---- drafts live as long as the browser's tab, through closing, reloading and signing in again
  const isDraft = (form) => form instanceof HTMLFormElement && "draft" in form.dataset;
  const box = (form) => find("textarea", form);
  function remember(form) {
    if (box(form).value.trim() && box(form).value !== box(form).defaultValue) {
      const mentions = findAll("input[name=mention]", form).map(({ value, dataset }) => [value, dataset.name]);
      const draft = { text: box(form).value, parent: form.elements.parent?.value, name: form.dataset.replyTo, mentions };
      drafts.keep(drafts.nameFor(form), draft);
    } else drafts.forget(drafts.nameFor(form));
  }
  function restore(form) {
    const draft = drafts.read(drafts.nameFor(form));
    if (!draft || draft.text === box(form).value) return;
    box(form).value = draft.text;
    for (const [id, name] of draft.mentions) opsdash.mention(form, id, name);
    if (draft.parent) replyTo(draft.parent, draft.name);
    toast({ text: texts.restored });
  }
  content.addEventListener("input", ({ target }) => {
    const form = target.closest("form[data-draft]");
    if (form) remember(form);
  });
  document.addEventListener("opsdash:drawer-opened", () => { if (composer()) restore(composer()); });

  // ---- toasts stay above the box, however tall it is
  const height = new ResizeObserver(([entry]) => {
    document.documentElement.style.setProperty("--composer", `${entry.target.isConnected ? entry.target.offsetHeight : 0}px`);
  });
  document.addEventListener("opsdash:drawer-opened", () => {
    height.disconnect();
    if (composer()) height.observe(composer());
  });

  // ---- replying
  function replyTo(parent, name) {
    const form = composer();
    form.elements.parent.value = parent;
    form.dataset.replyTo = name;
    const note = find("#composer-reply");
    find("span", note).textContent = say(texts.replyTo, { name });
    note.hidden = false;
  }
  function stopReplying(form = composer()) {
    form.elements.parent.value = "";
    delete form.dataset.replyTo;
    find("#composer-reply", form).hidden = true;
  }
  Object.assign(acts, {
    reply(button) {
      replyTo(button.dataset.parent, button.dataset.name);
      box(composer()).focus();
    },
    "reply-cancel"() {
      stopReplying();
      remember(composer());
      box(composer()).focus();
    },
    "comment-cancel"(button) {
      const form = button.form;
      if (box(form).value !== box(form).defaultValue && !confirm(texts.discard)) return;
      drafts.forget(drafts.nameFor(form));
      htmx.trigger(button, "opsdash:cancel");
    },
    "comment-delete"(button) {
      if (!confirm(texts.deleteComment)) return;
      htmx.ajax("POST", button.dataset.url, { source: button, swap: "none" });
    },
  });

  // ---- sent
  const lines = (text) => text.replaceAll("\r\n", "\n");
  const goesOn = (form, sent) => lines(box(form).value) !== lines(sent);
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const form = ctx.sourceElement;
    if (!isDraft(form) || ctx.response.status >= 300) return;
    const sent = ctx.request.body.get("body");
    if (form.id === "composer") for (const one of new Set([form, composer()])) empty(one, form, sent);
    else if (!goesOn(form, sent)) drafts.forget(drafts.nameFor(form));
  });
  /** What was typed while the text was on its way stays; the drawer may have been closed and opened in the meantime. */
  function empty(form, sender, sent) {
    if (!form || drafts.nameFor(form) !== drafts.nameFor(sender)) return;
    const now = lines(box(form).value);
    const rest = now.startsWith(lines(sent)) ? now.slice(lines(sent).length).trimStart() : now;
    box(form).value = rest;
    for (const mention of findAll("input[name=mention]", form)) if (!rest.includes(`@${mention.dataset.name}`)) mention.remove();
    if (!rest) stopReplying(form);
    remember(form);
  }
  /** An edit that went on while it was being saved stays open; its next save is based on this one. */
  document.addEventListener("htmx:before:swap", ({ detail: { ctx, tasks } }) => {
    const form = ctx.sourceElement;
    if (!isDraft(form) || form.id === "composer" || ctx.response.status >= 300 || !goesOn(form, ctx.request.body.get("body"))) return;
    const saved = tasks.map((task) => find("[data-version]", task.fragment)).find(Boolean);
    if (!saved) return;
    form.closest("[data-comment]").dataset.version = saved.dataset.version;
    tasks.length = 0;
  });
  function count(change) {
    const badge = find("#comment-count", content);
    if (badge) badge.textContent = String(Math.max(0, Number(badge.textContent.replace(/\D/g, "")) + change));
  }
  document.addEventListener("opsdash:comment-created", ({ detail }) => {
    count(1);
    const made = find(`#comment-${detail.id}`);
    made?.scrollIntoView({ block: "nearest" });
    announce(texts.commentSent);
  });
  document.addEventListener("opsdash:comment-deleted", ({ detail }) => {
    count(-1);
    find(`#comment-${detail.id}`)?.focus();
  });

  // ---- a page that arrives late may hold what is on the screen already
  document.addEventListener("htmx:before:swap", ({ detail: { ctx, tasks } }) => {
    if (!content.contains(ctx.sourceElement)) return;
    for (const task of tasks) {
      if (task.swapSpec.style !== "beforeend") continue;
      for (const fresh of findAll("[id^=thread-], [id^=comment-]", task.fragment)) document.getElementById(fresh.id)?.remove();
    }
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (!content.contains(ctx.sourceElement)) return;
    const editing = findAll(".comment.editing form", content).find((form) => !form.dataset.ready);
    if (!editing) return;
    editing.dataset.ready = "";
    restore(editing);
    const area = box(editing);
    area.focus({ preventScroll: true });
    editing.scrollIntoView({ block: "nearest" });
    area.setSelectionRange(area.value.length, area.value.length);
  });

  /** Bring one comment up to date after somebody else's change; one that is being edited is left alone. */
  function refresh(id) {
    const here = find(`#comment-${id}`, content);
    if (here?.classList.contains("editing")) return Promise.resolve();
    const url = `${ticketUrl()}/comments/${id}`;
    if (here) return htmx.ajax("GET", url, { source: view(), target: here, swap: "outerHTML" });
    count(1);
    return htmx.ajax("GET", `${url}?placed=true`, { source: view(), target: content, swap: "none" });
  }
  opsdash.drawer = Object.assign(opsdash.drawer ?? {}, {
    refreshComment: refresh,
    refresh: () => htmx.ajax("GET", `${ticketUrl()}/properties`, { source: view(), target: content, swap: "none" }),
    refreshComments: () => htmx.ajax("GET", `${ticketUrl()}/comments`, { source: view(), target: "#comments", swap: "innerMorph" }),
  });
})();

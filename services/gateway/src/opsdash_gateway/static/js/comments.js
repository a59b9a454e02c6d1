// Comments: reply, drafts that survive a reload, deleting, pages that join without doubles.
(() => {
  "use strict";
  const { acts, announce, find, findAll, say, texts, tick, toast } = window.opsdash;
  const content = find("#drawer-content");
  if (!content) return;
  const composer = () => find("#composer", content);
  const view = () => find("#ticket-view", content);
  const ticketUrl = () => view()?.dataset.url;
  const drafted = () => findAll("form[data-draft]", content);

  // ---- drafts live as long as the browser's tab
  const draftKey = (form) => `opsdash.draft:${ticketUrl()}:${form.dataset.draft}`;
  const box = (form) => find("textarea", form);
  function remember(form) {
    if (box(form).value.trim() && box(form).value !== box(form).defaultValue) {
      const mentions = findAll("input[name=mention]", form).map(({ value, dataset }) => [value, dataset.name]);
      const draft = { text: box(form).value, parent: form.elements.parent?.value, name: form.dataset.replyTo, mentions };
      sessionStorage.setItem(draftKey(form), JSON.stringify(draft));
    } else sessionStorage.removeItem(draftKey(form));
  }
  function restore(form) {
    const draft = JSON.parse(sessionStorage.getItem(draftKey(form)) ?? "null");
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
  opsdash.unsent = () => drafted().some((form) => box(form).value.trim() && box(form).value !== box(form).defaultValue);
  opsdash.forget = () => { for (const form of drafted()) sessionStorage.removeItem(draftKey(form)); };

  // ---- replying
  function replyTo(parent, name) {
    const form = composer();
    form.elements.parent.value = parent;
    form.dataset.replyTo = name;
    const note = find("#composer-reply");
    find("span", note).textContent = say(texts.replyTo, { name });
    note.hidden = false;
  }
  function stopReplying() {
    const form = composer();
    form.elements.parent.value = "";
    delete form.dataset.replyTo;
    find("#composer-reply").hidden = true;
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
      sessionStorage.removeItem(draftKey(form));
      htmx.trigger(button, "opsdash:cancel");
    },
    "comment-delete"(button) {
      if (!confirm(texts.deleteComment)) return;
      htmx.ajax("POST", button.dataset.url, { source: button, swap: "none" });
    },
  });

  // ---- sent
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const form = ctx.sourceElement;
    if (!(form instanceof HTMLFormElement) || !("draft" in form.dataset) || ctx.response.status >= 300) return;
    sessionStorage.removeItem(draftKey(form));
    if (form.id !== "composer") return;
    form.reset();
    stopReplying();
    for (const mention of findAll("input[name=mention]", form)) mention.remove();
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

// The form of a ticket's title and description: what is typed is a draft until it is saved, or thrown away by its button.
(() => {
  "use strict";
  const { acts, drafts, find, findAll, texts, toast } = window.opsdash;
  const content = find("#drawer-content");
  if (!content) return;
  const form = () => find("#ticket-edit", content);
  const fields = (of) => findAll("input:not([type=hidden]), textarea", of);
  const seenOf = ({ form: of, name }) => of.elements[`seen.${name}`];
  const isTyped = (field) => field.value !== seenOf(field).value;
  const isEdit = (element) => element?.id === "ticket-edit";

  /** With what was seen, so that a change by somebody else in the meantime is met when it is saved. */
  function remember(of) {
    const typed = fields(of).filter(isTyped).map((field) => [field.name, field.value, seenOf(field).value]);
    if (typed.length) drafts.keep(drafts.nameFor(of), { typed, version: of.dataset.version });
    else drafts.forget(drafts.nameFor(of));
    find("[data-act=edit-afresh]", of).hidden = !typed.length;
  }
  function restore(of) {
    const draft = drafts.read(drafts.nameFor(of));
    if (!draft) return;
    const isBack = draft.typed.some(([name, value]) => of.elements[name].value !== value);
    for (const [name, value, seen] of draft.typed) {
      of.elements[name].value = value;
      of.elements[`seen.${name}`].value = seen;
    }
    of.dataset.version = draft.version;
    find("[data-act=edit-afresh]", of).hidden = false;
    if (isBack) toast({ text: texts.restored });
  }
  content.addEventListener("input", ({ target }) => { if (isEdit(target.form)) remember(target.form); });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.target?.id === "ticket-dialog" && form()) restore(form());
  });

  // ---- offered where it was typed, and after a reload
  const opener = () => find("[data-edit]", content);
  const askFor = () => htmx.trigger(opener(), "opsdash:retry");
  document.addEventListener("opsdash:drawer-opened", () => {
    if (!opener() || form() || !drafts.read(drafts.nameOf(opener().getAttribute("hx-get")))) return;
    toast({ text: texts.editKept, action: texts.continueTicket, act: askFor });
  });
  acts["edit-afresh"] = ({ form: of }) => {
    drafts.forget(drafts.nameFor(of));
    askFor();
  };

  // ---- saved: what was typed meanwhile stays, based on what was saved
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const sender = ctx.sourceElement;
    if (!isEdit(sender) || ctx.request.method === "GET" || ctx.response.status >= 300) return;
    for (const field of fields(sender)) seenOf(field).value = ctx.request.body.get(field.name).replaceAll("\r\n", "\n");
    remember(sender);
  });
  document.addEventListener("opsdash:ticket-edited", ({ detail }) => {
    if (!form()) return;
    form().dataset.version = detail.version;
    if (fields(form()).some(isTyped)) remember(form());
    else opsdash.drawer.closeDialog();
  });
})();

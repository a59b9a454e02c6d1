// "@" in a comment offers people; whoever is chosen is sent by id, as long as the name still stands in the text.
(() => {
  "use strict";
  const { acts, find, findAll } = window.opsdash;
  const content = find("#drawer-content");
  if (!content) return;
  const list = () => find("#mention-list", content);
  const WORDS = /(?:^|\s)@(\p{L}[\p{L}\p{M}'’.-]*(?: [\p{L}\p{M}'’.-]*)?)?$/u;
  let area = null;

  opsdash.mention = (form, id, name) => {
    if (find(`input[name=mention][value="${CSS.escape(id)}"]`, form)) return;
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: "mention", value: id });
    input.dataset.name = name;
    form.append(input);
  };

  function typedWords(textarea) {
    const before = textarea.value.slice(0, textarea.selectionStart);
    return before.match(WORDS);
  }
  function hide() {
    const people = list();
    if (!people || people.hidden) return;
    people.hidden = true;
    people.replaceChildren();
    area?.removeAttribute("aria-activedescendant");
    area = null;
  }
  content.addEventListener("input", async ({ target }) => {
    if (!target.matches("form[data-mentions] textarea")) return;
    const match = typedWords(target);
    if (!match) return hide();
    area = target;
    const words = new URLSearchParams({ q: match[1] ?? "" });
    await htmx.ajax("GET", `${find("#ticket-view").dataset.url}/choose/mention?${words}`, { source: list(), target: list(), swap: "innerHTML" });
    if (area !== target || !typedWords(target)) return;
    const options = findAll("[role=option]", list());
    list().hidden = !options.length;
    if (options.length) mark(options[0]);
  });
  function mark(option) {
    for (const other of findAll("[role=option]", list())) other.setAttribute("aria-selected", String(other === option));
    option.id = `mention-${option.dataset.id}`;
    option.scrollIntoView({ block: "nearest" });
    area.setAttribute("aria-activedescendant", option.id);
  }
  function take(option) {
    const textarea = area;
    const start = textarea.selectionStart - (typedWords(textarea)?.[1] ?? "").length;
    textarea.setRangeText(`${option.dataset.name} `, start, textarea.selectionStart, "end");
    opsdash.mention(textarea.form, option.dataset.id, option.dataset.name);
    hide();
    textarea.focus();
    textarea.dispatchEvent(new Event("input", { bubbles: true }));
  }
  acts.mention = take;
  content.addEventListener("keydown", (event) => {
    if (!area || event.target !== area || list().hidden) return;
    const options = findAll("[role=option]", list());
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const does = {
      ArrowDown: () => mark(options[(at + 1) % options.length]),
      ArrowUp: () => mark(options[(at - 1 + options.length) % options.length]),
      Enter: () => take(options[at]),
      Tab: () => take(options[at]),
      Escape: hide,
    }[event.key];
    if (!does || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  }, true);
  content.addEventListener("focusout", (event) => {
    if (event.target === area && !list()?.contains(event.relatedTarget)) hide();
  });

  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    const form = ctx.sourceElement;
    if (!(form instanceof HTMLFormElement) || !("mentions" in form.dataset)) return;
    const text = form.elements.body.value;
    const kept = findAll("input[name=mention]", form).filter(({ dataset }) => text.includes(`@${dataset.name}`));
    ctx.request.body.delete("mention");
    for (const { value } of kept) ctx.request.body.append("mention", value);
  });
})();

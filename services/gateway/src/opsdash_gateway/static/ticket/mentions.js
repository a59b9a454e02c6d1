// "@" in a comment offers people; whoever is chosen is sent by id, as long as the name still stands in the text.
(() => {
  "use strict";
  const { acts, find, findAll } = window.opsdash;
  const content = find("#drawer-content");
  if (!content) return;
  const list = () => find("#mention-list", content);
  const WORDS = /(?:^|\s)@(\p{L}[\p{L}\p{M}'’.-]*(?: [\p{L}\p{M}'’.-]*)?)?$/u;
  let area = null;
  let asked = null; // the words whose people are on the way: { words, start, request, key }
  let listed = null; // the words whose people are in the list

  opsdash.mention = (form, id, name) => {
    if (find(`input[name=mention][value="${CSS.escape(id)}"]`, form)) return;
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: "mention", value: id });
    input.dataset.name = name;
    form.append(input);
  };

  /** The words behind the "@" before the caret, and where they begin; null where nobody is being named. */
  function typed(textarea) {
    const before = textarea.value.slice(0, textarea.selectionStart);
    const match = before.match(WORDS);
    return match && { words: match[1] ?? "", start: before.length - (match[1] ?? "").length };
  }
  function hide() {
    listed = null;
    const people = list();
    if (people) {
      people.hidden = true;
      people.replaceChildren();
    }
    area?.removeAttribute("aria-activedescendant");
    if (!asked) area = null;
  }

  // ---- asking: a newer question ends an older one, unless somebody has already pressed the key for its answer
  content.addEventListener("input", ({ target }) => {
    if (!target.matches("form[data-mentions] textarea") || asked?.key) return;
    const now = typed(target);
    asked?.request.abort();
    asked = null;
    if (!now) return hide();
    area = target;
    ask(now);
  });
  async function ask({ words, start }) {
    const question = { words, start, area, request: new AbortController(), key: null };
    asked = question;
    const people = await fetchPeople(question).catch(() => null);
    if (asked !== question) return;
    asked = null;
    if (question.key) settle(question, people);
    else if (people) show(question, people);
  }
  async function fetchPeople({ words, request }) {
    const address = `${find("#ticket-view").dataset.url}/choose/mention?${new URLSearchParams({ q: words })}`;
    const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: request.signal });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return [...new DOMParser().parseFromString(await answer.text(), "text/html").body.children];
  }
  function show({ words }, people) {
    if (!area?.isConnected || typed(area)?.words !== words) return hide();
    list().replaceChildren(...people);
    listed = words;
    const options = findAll("[role=option]", list());
    list().hidden = !options.length;
    if (options.length) mark(options[0]);
  }
  /** The key was pressed before the people were there: the first of them is meant. Typing may have gone on since. */
  function settle({ area: textarea, words, start, key }, people) {
    const first = people?.find((element) => element.matches("[role=option]"));
    if (!textarea.isConnected || textarea.value.slice(start, start + words.length) !== words) return hide();
    if (first) put(textarea, first, start, start + words.length);
    else if (key === "Enter") textarea.setRangeText("\n", start + words.length, start + words.length, "preserve");
    hide();
    textarea.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function mark(option) {
    for (const other of findAll("[role=option]", list())) other.setAttribute("aria-selected", String(other === option));
    option.id = `mention-${option.dataset.id}`;
    option.scrollIntoView({ block: "nearest" });
    area.setAttribute("aria-activedescendant", option.id);
  }
  function put(textarea, option, start, end) {
    const atEnd = textarea.selectionStart <= end;
    textarea.setRangeText(`${option.dataset.name} `, start, end, atEnd ? "end" : "preserve");
    opsdash.mention(textarea.form, option.dataset.id, option.dataset.name);
  }
  function take(option) {
    const textarea = area;
    put(textarea, option, typed(textarea)?.start ?? textarea.selectionStart, textarea.selectionStart);
    hide();
    textarea.focus();
    textarea.dispatchEvent(new Event("input", { bubbles: true }));
  }
  acts.mention = take;

  // ---- keys of the list, or of the one that is on its way
  content.addEventListener("keydown", (event) => {
    if (!area || event.target !== area || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const isThere = listed !== null && !list().hidden && typed(area)?.words === listed;
    const does = isThere ? keysOfList(event.key) : keysOfQuestion(event.key);
    if (!does) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  }, true);
  function keysOfList(key) {
    const options = findAll("[role=option]", list());
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    return {
      ArrowDown: () => mark(options[(at + 1) % options.length]),
      ArrowUp: () => mark(options[(at - 1 + options.length) % options.length]),
      Enter: () => take(options[at]),
      Tab: () => take(options[at]),
      Escape: hide,
    }[key];
  }
  function keysOfQuestion(key) {
    if (!asked?.words || asked.key || !["Enter", "Tab"].includes(key)) return null;
    return () => { asked.key = key; };
  }
  content.addEventListener("focusout", (event) => {
    if (event.target === area && !asked?.key && !list()?.contains(event.relatedTarget)) hide();
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

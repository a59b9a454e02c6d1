// Rows that one's own change takes out of the list, and the way back: a button beside what is told, and Ctrl+Z.
(() => {
  "use strict";
  const { find, findAll, keys, say, texts, toast } = window.opsdash;
  const base = `${document.documentElement.dataset.base}/support`;
  const rowOf = (id) => find(`#ticket-${CSS.escape(id)}`);
  const isRow = (element) => element?.matches("[data-ticket]");
  const focus = (row) => (find(".ticket-link", row ?? document.body) ?? find("#main")).focus({ preventScroll: true });

  /** Answers a function that puts the row back, or says that only loading the list can. */
  function takeOut(row) {
    const { parentElement: home, nextElementSibling: next, previousElementSibling: before } = row;
    const list = opsdash.listQuery();
    const hadFocus = row.contains(document.activeElement);
    row.remove();
    if (hadFocus) focus(isRow(next) ? next : isRow(before) ? before : null);
    if (!find("tr[data-ticket]")) opsdash.reloadList(); // it was the last one
    return () => {
      const there = rowOf(row.dataset.ticket); // perhaps among the matches outside of the view
      if (there) return home.contains(there);
      if (!home.isConnected || list !== opsdash.listQuery()) return false;
      home.insertBefore(row, next?.parentElement === home ? next : null);
      return true;
    };
  }
  opsdash.takeOut = takeOut;

  /** Takes the rows of `left` out and offers to undo `changes`: { id, version, before, after } of each ticket. */
  function leave(told, left, changes) {
    const backs = [];
    for (const row of left.map(rowOf)) if (row) backs.unshift(takeOut(row)); // the last one first: the next row is where it stood
    toast({ ...told, undo: changes.length ? () => undo(changes, backs) : null });
  }
  const main = find("#main");
  let again; // what did not get through
  main?.addEventListener("opsdash:retry", ({ target }) => { if (target === main) again?.(); });
  function undo(changes, backs) {
    again = () => undo(changes, backs);
    const values = { changes: JSON.stringify(changes) };
    return htmx.ajax("POST", `${base}/undo`, { source: main, swap: "none", values, backs, first: changes[0].id });
  }
  // Before the answer's rows look for their places.
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    if (!ctx.backs || ctx.response.status >= 300) return;
    again = null;
    if (ctx.backs.filter((back) => !back()).length) opsdash.reloadList();
    else if (rowOf(ctx.first)) focus(rowOf(ctx.first));
  });
  document.addEventListener("opsdash:undone", ({ detail }) => {
    for (const id of detail.left) if (rowOf(id)) takeOut(rowOf(id));
  });

  // ---- one ticket after the other: when the drawer closes, so that the next one is still next to it
  const changed = new Map();
  document.addEventListener("opsdash:ticket-changed", ({ detail: { id, number, said, version, before, after } }) => {
    if (!said) return;
    const earlier = changed.get(id);
    changed.set(id, { id, number, version, before: { ...before, ...earlier?.before }, after: { ...earlier?.after, ...after } });
    if (!opsdash.drawer.isOpen()) leaveChanged();
  });
  document.addEventListener("opsdash:drawer-closed", leaveChanged);
  function leaveChanged() {
    const left = [...changed.values()].filter(({ id }) => rowOf(id)?.matches(".gone"));
    changed.clear();
    if (!left.length) return;
    const text = say(left.length > 1 ? texts.leftMany : texts.leftOne, { count: left.length, ...left[0] });
    leave({ text }, left.map(({ id }) => id), left);
  }

  // ---- many at once
  let seen = new Map();
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement.id !== "bulk") return;
    seen = new Map(findAll("tr[data-seen]").map((row) => [row.dataset.ticket, JSON.parse(row.dataset.seen)]));
  });
  document.addEventListener("opsdash:bulk-done", ({ detail: { kind, text, changed: all, after, left } }) => {
    const [name] = Object.keys(after);
    const isOther = ({ id }) => seen.has(id) && seen.get(id)[name] !== after[name];
    const changes = all.filter(isOther).map(({ id, version }) => ({ id, version, before: { [name]: seen.get(id)[name] }, after }));
    leave({ kind, text }, left, changes);
  });

  document.addEventListener("keydown", (event) => {
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && keys.names(event).includes("z");
    const button = isUndo && !event.target.closest(keys.TYPING) && findAll("#toasts [data-undo]").at(-1);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
})();

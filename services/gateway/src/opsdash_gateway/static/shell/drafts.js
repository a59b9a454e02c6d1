// Unsent texts, kept by this tab until they are stored: through closing, a reload and an ended session.
(() => {
  "use strict";
  const MINE = `opsdash.draft:${document.documentElement.dataset.me}:`; // nobody who signs in after this person sees them
  const MOST = 40; // of the longest texts these are a third of what browsers keep
  const KEY = ":key"; // of the attempt to store a draft

  /** For an address in any language; a form's is its action. */
  const nameOf = (address) => MINE + address.replace(/^\/[^/]+/, "");
  const nameFor = (form) => nameOf(form.getAttribute("action"));
  const read = (name) => JSON.parse(sessionStorage.getItem(name) ?? "null");
  const names = () => Object.keys(sessionStorage).filter((name) => name.startsWith(MINE) && !name.endsWith(KEY));
  function forget(name) {
    sessionStorage.removeItem(name);
    sessionStorage.removeItem(name + KEY);
  }
  /** `draft`: an object. The oldest makes room where there are too many. */
  function keep(name, draft) {
    const others = names().filter((other) => other !== name);
    if (others.length >= MOST) forget(others.reduce((oldest, other) => (read(other).at < read(oldest).at ? other : oldest)));
    sessionStorage.setItem(name, JSON.stringify({ ...draft, at: Date.now() }));
  }
  /** The same attempt has the same key; null for another one. */
  function keyOf(name, attempt) {
    const [asked, key] = JSON.parse(sessionStorage.getItem(name + KEY) ?? "[]");
    return asked === attempt ? key : null;
  }
  const keepKey = (name, attempt, key) => sessionStorage.setItem(name + KEY, JSON.stringify([attempt, key]));
  const forgetKey = (name) => sessionStorage.removeItem(name + KEY);

  opsdash.drafts = { forget, forgetKey, keep, keepKey, keyOf, nameFor, nameOf, read };
})();

// The user menu: theme, keyboard shortcuts, and a change of language that stays on the same page.
(() => {
  "use strict";
  const { findAll, find } = opsdash;
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  const kept = () => localStorage.getItem("opsdash.theme") ?? "system";
  function showTheme() {
    root.classList.toggle("dark", kept() === "dark" || (kept() === "system" && system.matches));
    for (const choice of findAll("[data-theme-choice]")) choice.checked = choice.value === kept();
  }
  system.addEventListener("change", showTheme);
  showTheme();

  async function savePreferences(form, values) {
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, ...values });
    const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok) opsdash.toast({ kind: "error", text: opsdash.texts.failed });
    return Boolean(answer?.ok);
  }
  document.addEventListener("change", async ({ target }) => {
    if (target.matches("[data-theme-choice]")) {
      localStorage.setItem("opsdash.theme", target.value);
      showTheme();
    }
    if (target.matches("[data-shortcuts-switch]")) {
      const saved = await savePreferences(target.form, { shortcuts: target.checked ? "on" : "off" });
      if (!saved) target.checked = !target.checked;
      root.dataset.shortcuts = target.checked ? "on" : "off";
    }
  });

  document.addEventListener("click", ({ target }) => {
    const link = target.closest("[data-language]");
    if (!link) return;
    const path = location.pathname.replace(/^\/[^/]+/, `/${link.lang}`);
    link.href = `/${link.lang}/language?next=${encodeURIComponent(path + location.search)}`;
  });
  opsdash.savePreferences = (values) => savePreferences(find("[data-preferences]"), values);
})();

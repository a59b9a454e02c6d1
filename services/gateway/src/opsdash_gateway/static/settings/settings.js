// Settings: after a form was sent, the focus is where the work goes on.
(() => {
  "use strict";
  const { find } = window.opsdash;
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.target?.id !== "setting") return;
    const wrong = find("[aria-invalid=true]", ctx.target);
    if (wrong) wrong.focus();
    else if (document.activeElement === document.body) find("button[type=submit]", ctx.target)?.focus();
  });
})();

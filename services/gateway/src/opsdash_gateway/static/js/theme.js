// Runs before the first paint, so a dark page never flashes white.
(() => {
  const kept = localStorage.getItem("opsdash.theme");
  const dark = kept === "dark" || (kept !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();

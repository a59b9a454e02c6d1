// Runs before the first paint: a dark page never flashes white, and what needs scripts never flashes away.
(() => {
  const kept = localStorage.getItem("opsdash.theme");
  const dark = kept === "dark" || (kept !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
  document.documentElement.classList.add("js");
})();

// Runs before the first paint: a dark page never flashes white, what needs scripts never flashes away; the zone is told.
(() => {
  const kept = localStorage.getItem("opsdash.theme");
  const dark = kept === "dark" || (kept !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
  document.documentElement.classList.add("js");
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions(); // "today" is the reader's day on the server too
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `opsdash-zone=${timeZone}; path=/; max-age=31536000; samesite=lax${secure}`;
})();

// Comfort only: every page works without this file.
(() => {
  // A refused form: say so at once to people who listen to the page. No-script readers find it first in main.
  document.getElementById("error-summary")?.focus();

  // Long organiser forms (data-guard) ask before half an hour of typing is lost.
  let changed = false;
  for (const form of document.querySelectorAll("form[data-guard]")) {
    form.addEventListener("input", () => { changed = true; });
    form.addEventListener("submit", () => { changed = false; });
  }
  addEventListener("beforeunload", (leaving) => { if (changed) leaving.preventDefault(); });
})();

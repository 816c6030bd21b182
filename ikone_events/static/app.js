// Optional: every page works without this file.
(() => {
  // A refused form: screen readers announce the errors at once. Without scripts they are first in main.
  document.getElementById("error-summary")?.focus();

  // Long organiser forms (data-guard) ask before leaving with changes.
  let changed = false;
  for (const form of document.querySelectorAll("form[data-guard]")) {
    form.addEventListener("input", () => { changed = true; });
    form.addEventListener("submit", () => { changed = false; });
  }
  addEventListener("beforeunload", (leaving) => { if (changed) leaving.preventDefault(); });
})();

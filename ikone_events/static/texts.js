// Optional: inserts placeholders at the cursor, and keeps the preview up to date.
// Without this file placeholders are copied by hand, and a button shows the preview.
(() => {
  const form = document.querySelector("form.texts");
  if (!form) return;
  const fields = [...form.querySelectorAll("[name^=subject_], [name^=body_]")];
  let last = null;
  for (const field of fields) field.addEventListener("focus", () => { last = field; });
  const visible = (field) => field.getClientRects().length > 0;

  const target = (shape) => {
    const field = last && visible(last) ? last : fields.find((one) => one.name.startsWith("body_") && visible(one));
    // Only lines may stand in a subject.
    return field.name.startsWith("subject_") && shape !== "line" ? form.elements[field.name.replace("subject", "body")] : field;
  };
  for (const button of document.querySelectorAll("[data-insert]")) {
    button.hidden = false;
    button.previousElementSibling.hidden = true;
    button.addEventListener("click", () => {
      const field = target(button.dataset.shape);
      field.focus();
      field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  const previews = [...form.querySelectorAll("[data-preview]")];
  if (!previews.length) return;
  let timer = 0, asked = null;
  const stale = (is) => { for (const words of form.querySelectorAll("[data-stale]")) words.hidden = !is; };
  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const typed = new FormData(form);
    typed.set("do", "preview");
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(typed), redirect: "error", signal: asked.signal });
      if (!answer.ok) return stale(true);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of previews) part.replaceChildren(...page.querySelector(`[data-preview="${part.dataset.preview}"]`).childNodes);
      stale(false);
    } catch (fault) {
      if (fault.name !== "AbortError") stale(true);
    }
  };
  form.addEventListener("input", (typing) => {
    if (typing.target.name === "shown") return;
    clearTimeout(timer);
    timer = setTimeout(ask, 700);
  });
})();

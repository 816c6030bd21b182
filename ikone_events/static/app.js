// Optional: every page works without this file.
(() => {
  // A refused form: screen readers announce the errors at once. Without scripts they are first in main.
  document.getElementById("error-summary")?.focus();

  // A form that a login has interrupted goes back to its page, which shows it and saves nothing.
  document.querySelector("form[data-resume]")?.requestSubmit();

  // Long work goes on by itself. Without scripts each press of the button carries it further.
  const more = document.querySelector("form[data-continue]");
  if (more && location.hash === "#goes-on") setTimeout(() => more.requestSubmit(), 300);

  // Organisers are warned five minutes before their session ends, and can stay.
  const ending = document.querySelector("form[data-ends]");
  const say = (words) => {
    ending.hidden = !words;
    for (const part of ending.querySelectorAll("[data-soon], [data-over]")) part.hidden = !(words in part.dataset);
  };
  const timers = [];
  const wait = () => {
    const seconds = Number(ending.dataset.ends);
    for (const timer of timers.splice(0)) clearTimeout(timer);
    say("");
    timers.push(setTimeout(say, Math.max(seconds - 300, 0) * 1000, "soon"), setTimeout(say, seconds * 1000, "over"));
  };
  ending?.addEventListener("submit", (sent) => {
    sent.preventDefault();
    fetch(ending.action, { method: "POST", body: new FormData(ending) })
      .then((answer) => answer.ok ? wait() : say("over"), () => say("over"));
  });
  if (ending) wait();

  // Copy buttons are hidden in the HTML: without a script the field beside them can be marked and copied.
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      await navigator.clipboard.writeText(field.value);
      button.querySelector(".kern-label").textContent = button.dataset.done;
    });
  }

  // Print buttons are hidden in the HTML: without a script the browser's own menu prints.
  for (const button of document.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  // The time until a door opens; then the button appears. Without scripts the page says it in words.
  for (const left of document.querySelectorAll("[data-opens-in]")) {
    const opens = Date.now() + left.dataset.opensIn * 1000; // counted from now: the clock may be wrong
    const open = () => {
      document.getElementById("door-closed").hidden = true;
      document.getElementById("door-opened").hidden = false;
      const news = document.querySelector("[data-said]");
      document.querySelector("h1").textContent = document.title = news.textContent = news.dataset.said;
    };
    const tick = () => {
      const seconds = Math.ceil((opens - Date.now()) / 1000);
      if (seconds <= 0) { clearInterval(ticking); open(); return; }
      const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
      left.textContent = (parts[0] ? parts : parts.slice(1)).map((part, place) => place ? String(part).padStart(2, "0") : part).join(":");
      left.hidden = parts[0] > 23; // days are in words
      left.previousElementSibling.hidden = !left.hidden;
    };
    const ticking = setInterval(tick, 1000);
    tick();
  }

  // A menu closes with Escape and when something else is pressed.
  addEventListener("keydown", (key) => {
    const menu = key.key === "Escape" && document.querySelector(".menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  addEventListener("click", (press) => {
    for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(press.target)) menu.open = false;
  });

  // One tick for all rows of a form, and the number of ticks. Without scripts links tick, and CSS counts.
  for (const all of document.querySelectorAll("input[data-ticks]")) {
    const form = document.getElementById(all.dataset.ticks);
    const rows = [...form.elements].filter((field) => field.type === "checkbox");
    const count = () => {
      const number = rows.filter((row) => row.checked).length;
      form.querySelector("output").textContent = number;
      all.checked = number === rows.length;
      all.indeterminate = number > 0 && !all.checked;
    };
    all.hidden = rows.length === 0;
    all.addEventListener("change", () => { for (const row of rows) row.checked = all.checked; });
    addEventListener("change", count);
    addEventListener("pageshow", count);
    count();
  }

  // Long organiser forms (data-guard) ask before leaving with changes.
  let changed = false;
  for (const form of document.querySelectorAll("form[data-guard]")) {
    form.addEventListener("input", () => { changed = true; });
    form.addEventListener("submit", () => { changed = false; });
  }
  addEventListener("beforeunload", (leaving) => { if (changed) leaving.preventDefault(); });
})();

// Optional: keeps the live board up to date and sends its buttons without loading the page. Without it one presses "Refresh".
(() => {
  const frame = document.querySelector("[data-live]");
  if (!frame) return;
  const PAUSE = 10_000, lost = document.getElementById("lost");
  let timer = 0, asked = null, ended = false;

  // Whoever types an answer keeps it: what is in a form with changes is left alone, its version too.
  const isTyped = (form) => "kept" in form.dataset || [...form.elements].some((field) => field.matches("textarea") && field.value !== field.defaultValue);
  const copyAttributes = (old, fresh) => {
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  };
  // Changes the old element into the fresh one and keeps every node that both have, by id or by place.
  const update = (old, fresh) => {
    // What has just been done can be undone there until something else is done.
    if ("keep" in fresh.dataset || (old.matches("form") && isTyped(old))) return;
    copyAttributes(old, fresh);
    const known = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
    let at = old.firstChild;
    for (const node of [...fresh.childNodes]) {
      const same = node.id ? known.get(node.id) : at && !at.id && at.nodeName === node.nodeName ? at : null;
      if (!same) { old.insertBefore(node, at); continue; }
      if (same === at) at = at.nextSibling; else old.insertBefore(same, at);
      if (same.nodeType === Node.ELEMENT_NODE) update(same, node);
      else if (same.data !== node.data) same.data = node.data;
    }
    while (at) { const next = at.nextSibling; at.remove(); gone.push(at); at = next; }
  };
  // Where the keyboard goes on when its row leaves: the next one, else the one before, else what is around them.
  const around = (item) => {
    const near = [];
    for (item = item?.closest?.("#board [id]"); item; item = item.parentElement.closest("#board [id]")) {
      const all = [...item.parentElement.children], at = all.indexOf(item);
      near.push(...all.slice(at + 1), ...all.slice(0, at).reverse());
    }
    return near;
  };
  let gone = [];
  const show = (html) => {
    const board = new DOMParser().parseFromString(html, "text/html").getElementById("board");
    if (!board) return false;
    const here = document.activeElement, near = around(here);
    gone = [];
    update(document.getElementById("board"), board);
    // What moved to another list while somebody typed in it goes there as it is.
    for (const form of gone.flatMap((node) => [...(node.querySelectorAll?.("form") ?? [])]).filter(isTyped)) {
      const item = form.closest("[id]"), moved = document.getElementById(item.id);
      if (!moved) continue;
      moved.replaceWith(item);
      update(item, moved);
      item.parentElement.closest("details")?.setAttribute("open", "");
    }
    if (here === document.activeElement) { /* it has stayed where it was */ }
    else if (here.isConnected) here.focus({ preventScroll: true });
    else near.filter((item) => item.isConnected).map((item) => item.querySelector("button, summary, a[href]")).find(Boolean)?.focus();
    note("");
    return true;
  };
  const say = (what) => {
    lost.hidden = !what;
    frame.toggleAttribute("data-stale", Boolean(what));
    for (const part of lost.querySelectorAll("[data-away], [data-ended]")) part.hidden = !(what in part.dataset);
  };
  const note = (time) => {
    const line = document.querySelector("[data-shown-at]");
    if (line && time) line.textContent = line.textContent.replace(/\d?\d:\d\d/, time);
    const again = document.getElementById("again");
    if (again) { again.hidden = true; again.previousElementSibling.hidden = false; }
  };
  const end = () => { ended = true; clearTimeout(timer); say("ended"); };

  const ask = async () => {
    clearTimeout(timer);
    asked?.abort();
    const mine = asked = new AbortController();
    const limit = setTimeout(() => mine.abort("slow"), PAUSE);
    try {
      const version = document.getElementById("board").dataset.version;
      const answer = await fetch(frame.dataset.live, { headers: { "If-None-Match": `W/"${version}"` }, cache: "no-store", redirect: "manual", signal: mine.signal });
      if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 404) return end();
      if (answer.status !== 304 && !(answer.ok && show(await answer.text()))) throw new Error(answer.status);
      note(answer.headers.get("X-Shown-At"));
      say("");
    } catch {
      if (mine !== asked) return;
      say("away");
    } finally {
      clearTimeout(limit);
    }
    wait();
  };
  const wait = () => {
    clearTimeout(timer);
    if (!ended && !document.hidden) timer = setTimeout(ask, PAUSE);
  };

  frame.addEventListener("submit", async (sent) => {
    if (sent.target.target) return; // the way into the room
    sent.preventDefault();
    const form = sent.target, button = sent.submitter;
    const where = form.action, body = new URLSearchParams(new FormData(form, button));
    asked?.abort();
    clearTimeout(timer);
    asked = null;
    try {
      const answer = await fetch(where, { method: "POST", body, headers: { Accept: "text/html" } });
      const page = await answer.text();
      if (answer.status === 403 || new URL(answer.url).pathname.endsWith("/login")) return end();
      // What was saved is nothing to keep; what was refused is shown again, with the present version.
      delete form.dataset.kept;
      const typed = [...form.querySelectorAll("textarea")].map((field) => field.value);
      form.reset();
      if (!show(page)) {
        if (!typed.length) return location.reload();
        form.querySelector("textarea").value = typed[0];
        throw new Error(answer.status);
      }
      if (!answer.ok && typed.length) document.getElementById(form.closest("[id]").id).querySelector("form").dataset.kept = "";
      say("");
    } catch {
      say("away");
    }
    wait();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !ended) ask(); else clearTimeout(timer); });
  note("");
  wait();
})();

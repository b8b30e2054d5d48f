// Needlepoint works without this file; it only makes things nicer. What only the pages of a history
// need is in history.js.
(() => {
  "use strict";

  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

  const focusErrorSummary = () => document.querySelector("[data-error-summary]")?.focus();

  // A second press within two seconds is swallowed; after that the form can be sent again, so
  // that a lost connection strands nobody. The server treats repeats as one in any case.
  const calmDoubleSubmit = () => {
    document.addEventListener("submit", (event) => {
      const form = event.target;
      if (form.method !== "post" || event.defaultPrevented) return;
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      const button = event.submitter;
      if (button) {
        button.setAttribute("aria-disabled", "true");
        if (button.dataset.busy) {
          button.dataset.idle = button.textContent;
          button.textContent = button.dataset.busy;
        }
      }
      setTimeout(() => wake(form, button), 2000);
    });
    const wake = (form, button) => {
      delete form.dataset.sent;
      button?.removeAttribute("aria-disabled");
      if (button?.dataset.idle) button.textContent = button.dataset.idle;
    };
    window.addEventListener("pageshow", () => each("form[data-sent]", (form) => wake(form)));
  };

  const countCharacters = () =>
    each("[data-count-for]", (note) => {
      const box = document.getElementById(note.dataset.countFor);
      const limit = Number(box.dataset.count);
      let timer;
      const say = () => {
        const left = limit - [...box.value].length;
        note.classList.toggle("is-over", left < 0);
        note.textContent = `${left < 0 ? note.dataset.over : note.dataset.left} ${Math.abs(left)}`;
      };
      note.setAttribute("role", "status");
      box.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(say, 400);
      });
      if (box.value) say();
    });

  // "None of these" and a tick beside it contradict each other.
  const keepExclusive = () =>
    each("[data-choices]", (group) => {
      group.addEventListener("change", ({ target }) => {
        if (!target.checked || target.type !== "checkbox") return;
        if (target.closest("[data-choices]") !== group) return; // a follow-up's, inside this one
        group.querySelectorAll(":scope > .choice > input").forEach((box) => {
          const alone = "exclusive" in box.dataset || "exclusive" in target.dataset;
          if (box !== target && alone) box.checked = false;
        });
      });
    });

  const offerPrinting = () =>
    each("[data-print]", (button) => {
      button.hidden = false;
      button.addEventListener("click", () => window.print());
    });

  // Other tabs of the same person keep the session alive too, so they tell each other. A page on
  // which something was typed is covered when the session ends, and never left: the form on it
  // can be sent once its writer has signed in again in another tab.
  const warnBeforeSessionEnds = () => {
    const dialog = document.querySelector("dialog[data-session]");
    if (!dialog || !dialog.showModal) return;
    const idle = Number(dialog.dataset.idleSeconds) * 1000;
    const warning = Number(dialog.dataset.warnSeconds) * 1000;
    const form = dialog.querySelector("form");
    const ended = dialog.querySelector(".session-over");
    const tabs = "BroadcastChannel" in window ? new BroadcastChannel("needlepoint-session") : null;
    let deadline;
    let typed = false;
    let over = false;
    const cover = (on) => {
      over = on;
      dialog.classList.toggle("is-over", on);
      form.hidden = on;
      ended.hidden = !on;
      dialog.setAttribute("aria-labelledby", on ? "session-over-title" : "session-title");
    };
    const renew = (tell) => {
      deadline = Date.now() + idle;
      cover(false);
      if (dialog.open) dialog.close();
      if (tell) tabs?.postMessage("seen");
    };
    const end = () => {
      if (!typed) window.location.assign(dialog.dataset.endedUrl);
      else if (!over) {
        cover(true);
        if (!dialog.open) dialog.showModal();
      }
    };
    document.addEventListener("input", ({ target }) => {
      if (target.form?.method === "post" && target.form !== form) typed = true;
    });
    dialog.addEventListener("close", () => {
      if (over) dialog.showModal(); // what lies under it is a patient's
    });
    tabs?.addEventListener("message", () => renew(false));
    renew(true);
    setInterval(() => {
      const left = deadline - Date.now();
      if (left <= 0) end();
      else if (left <= warning && !dialog.open) dialog.showModal();
    }, 1000);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const failed = form.querySelector(".session-failed");
      try {
        const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
        if (!answer.ok || answer.redirected) throw new Error("not renewed");
        failed.hidden = true;
        renew(true);
      } catch {
        failed.hidden = false;
      }
    });
  };

  // Asks only while the page is looked at, and never renews the session (the server sees to it).
  const watchTheQueue = () =>
    each("[data-refresh-url]", (place) => {
      const { refreshUrl, refreshVersion, refreshSeconds } = place.dataset;
      const timer = setInterval(async () => {
        if (document.hidden) return;
        try {
          const answer = await fetch(refreshUrl, { headers: { Accept: "application/json" } });
          if (!answer.ok || answer.redirected) return;
          const { version } = await answer.json();
          if (String(version) === refreshVersion) return;
          place.querySelector("[hidden]").hidden = false;
          clearInterval(timer);
        } catch {
          // Offline for a moment: the next turn asks again.
        }
      }, Number(refreshSeconds) * 1000);
    });

  keepExclusive();
  countCharacters();
  offerPrinting();
  warnBeforeSessionEnds();
  calmDoubleSubmit();
  watchTheQueue();
  focusErrorSummary();
})();

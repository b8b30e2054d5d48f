// Needlepoint works without this file; it only makes things nicer.
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

  // Offers names for the line being typed. The whole list is fetched once: no letter is sent.
  const suggestMedicines = () =>
    each("[data-suggest]", (place) => {
      const box = place.querySelector("textarea");
      const list = place.querySelector("[role=listbox]");
      const note = place.querySelector("[role=status]");
      const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
      const shown = (name) => name[0].toUpperCase() + name.slice(1);
      let names;
      let from = 0;
      let at = -1;
      const load = () =>
        (names ??= fetch(place.dataset.suggest)
          .then((answer) => (answer.ok ? answer.json() : []))
          .then((all) => all.map((name) => [plain(name), shown(name)]))
          .catch(() => []));
      const close = () => {
        list.hidden = true;
        list.replaceChildren();
        note.textContent = "";
        box.removeAttribute("aria-activedescendant");
        at = -1;
      };
      const take = (name) => {
        box.setRangeText(name, from, box.selectionEnd, "end");
        close();
      };
      const point = (to) => {
        at = (to + list.children.length) % list.children.length;
        [...list.children].forEach((one, i) => one.setAttribute("aria-selected", i === at));
        box.setAttribute("aria-activedescendant", list.children[at].id);
        list.children[at].scrollIntoView({ block: "nearest" });
      };
      const option = (name, i) => {
        const one = document.createElement("li");
        one.id = `${list.id}-${i}`;
        one.setAttribute("role", "option");
        one.setAttribute("aria-selected", "false");
        one.textContent = name;
        return one;
      };
      const offer = async () => {
        const before = box.value.slice(0, box.selectionStart);
        const after = box.value.slice(box.selectionEnd);
        const begun = before.match(/[^\n,;]*$/)[0].trimStart();
        const typed = plain(begun);
        if (typed.length < 3 || (after && after[0] !== "\n")) return close();
        const all = await load();
        if (box.value.slice(0, box.selectionStart) !== before) return; // typed on meanwhile
        const first = all.filter(([name]) => name.startsWith(typed));
        const then = all.filter(([name]) => name.includes(` ${typed}`));
        const found = [...first, ...then].slice(0, 6);
        close();
        if (!found.length || found[0][0] === typed) return;
        from = before.length - begun.length;
        list.append(...found.map(([, name], i) => option(name, i)));
        list.hidden = false;
        note.textContent = `${place.dataset.found} ${found.length}. ${place.dataset.how}`;
      };
      box.setAttribute("autocomplete", "off");
      box.setAttribute("aria-autocomplete", "list");
      box.setAttribute("aria-controls", list.id);
      box.addEventListener("focus", load, { once: true });
      box.addEventListener("input", offer);
      box.addEventListener("blur", close);
      box.addEventListener("keydown", (event) => {
        if (list.hidden) return;
        if (event.key === "ArrowDown") point(at + 1);
        else if (event.key === "ArrowUp") point(at < 0 ? -1 : at - 1);
        else if (event.key === "Enter" && at >= 0) take(list.children[at].textContent);
        else if (event.key === "Escape") close();
        else return;
        event.preventDefault();
      });
      list.addEventListener("mousedown", (event) => {
        event.preventDefault(); // the box keeps the focus
        if (event.target.role === "option") take(event.target.textContent);
      });
    });

  // The boxes are the control, and light the picture up by themselves; a tap on the picture presses
  // the box of the place that is meant. Small places win over their large neighbours.
  const tapTheBody = () =>
    each("[data-body-map]", (place) => {
      const list = place.closest("fieldset");
      const drawing = place.querySelector("svg");
      const note = place.querySelector("[role=status]");
      const boxes = [...list.querySelectorAll("input")];
      const named = (box) => box.labels[0].textContent;
      const shapes = [...drawing.querySelectorAll("path[data-region]")];
      const boxOf = (shape) => boxes.find((box) => box.value === shape.dataset.region);
      const rims = new Map();
      const rim = (shape) => {
        if (!rims.has(shape)) {
          const long = shape.getTotalLength();
          const { width, height } = shape.getBBox();
          const points = Array.from({ length: 40 }, (_, i) => shape.getPointAtLength((i / 40) * long));
          rims.set(shape, { points, small: Math.min(width, height) < 26 });
        }
        return rims.get(shape);
      };
      const away = (shape, at, px) => {
        const { points, small } = rim(shape);
        const near = Math.min(...points.map(({ x, y }) => Math.hypot(x - at.x, y - at.y)));
        return (shape.isPointInFill(at) ? 0 : near) - (small ? 3 * px : 0);
      };
      const meant = (event) => {
        const toDrawing = drawing.getScreenCTM().inverse();
        const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(toDrawing);
        const all = shapes.map((shape) => [away(shape, at, toDrawing.a), shape]);
        const [far, shape] = all.reduce((best, one) => (one[0] < best[0] ? one : best));
        return far <= 24 * toDrawing.a ? boxOf(shape) : null;
      };
      const say = () => {
        const chosen = boxes.filter((box) => box.checked).map(named);
        note.textContent = chosen.length
          ? `${note.dataset.chosen} ${chosen.join("; ")}`
          : note.dataset.none;
      };
      const point = ({ type, target }) =>
        shapes.forEach((shape) =>
          shape.classList.toggle(
            "is-here",
            type === "focusin" && target.value === shape.dataset.region && target.matches(":focus-visible"),
          ),
        );
      shapes.forEach((shape) => {
        const title = document.createElementNS(shape.namespaceURI, "title");
        title.textContent = named(boxOf(shape));
        shape.append(title);
      });
      place.classList.add("is-live");
      place.querySelector("[hidden]").hidden = false;
      drawing.addEventListener("click", (event) => meant(event)?.click());
      list.addEventListener("change", say);
      list.addEventListener("focusin", point);
      list.addEventListener("focusout", point);
      window.addEventListener("pageshow", say);
      say();
    });

  keepExclusive();
  tapTheBody();
  suggestMedicines();
  countCharacters();
  offerPrinting();
  warnBeforeSessionEnds();
  calmDoubleSubmit();
  watchTheQueue();
  focusErrorSummary();
})();

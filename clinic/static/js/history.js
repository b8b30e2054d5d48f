// What helps on a page that asks for places or medicines; that page works without it too.
(() => {
  "use strict";

  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

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

  tapTheBody();
  suggestMedicines();
})();

// The table of students: sorting, filtering, and no more rows at a time than one looks at. Text is only ever text.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const [NAME, PAGE, SCORE, STATUS, POINTS, REMARK, MISTAKES, PERSON, SECONDS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const STEP = 100;
  const $ = id => document.getElementById(id);
  const total = data.points.reduce((sum, p) => sum + p, 0);
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const tidy = x => x === null ? "" : String(Math.round(x * 100) / 100);
  const never = (x, most) => x < most && Math.round(x * 100) / 100 >= most ? String(Math.round(most * 100 - 1) / 100) : tidy(x);

  // Whatever can be searched and sorted by is made once.
  const rows = data.rows.map((row, index) => ({ row, index, text: (row[NAME] + "\n" + row[REMARK]).toLowerCase() }));
  [...rows].sort((a, b) => collator.compare(a.row[NAME], b.row[NAME])).forEach((one, rank) => { one.rank = rank; });
  [...rows].sort((a, b) => collator.compare(a.row[REMARK], b.row[REMARK])).forEach((one, rank) => { one.told = rank; });

  const state = { find: "", status: "", question: "", mistake: null, key: "name", up: true, limit: STEP };
  const chosen = () => state.question === "" ? null : Number(state.question);
  const columns = () => [
    { key: "name", head: "student", value: one => one.rank, cell: nameCell },
    { key: "score", head: "score", number: true, value: one => one.row[SCORE], cell: scoreCell },
    ...(chosen() === null ? [] : [{ key: "question", head: data.questions[chosen()], number: true,
      value: one => one.row[POINTS][chosen()],
      cell: (td, one) => { const x = one.row[POINTS][chosen()];
        td.textContent = x === null ? "ungraded" : never(x, data.points[chosen()]); } }]),
    { key: "remark", head: "what cost points", value: one => one.row[REMARK] ? one.told : null, cell: remarkCell },
    { key: "seconds", head: "seconds", number: true, quiet: true, value: one => one.row[SECONDS],
      cell: (td, one) => { td.textContent = one.row[SECONDS] === null ? "" : one.row[SECONDS].toFixed(2); } },
  ];

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function nameCell(td, one) {
    const link = element("a", "", one.row[NAME] || "(no name)");
    link.setAttribute("href", one.row[PAGE]);
    link.setAttribute("dir", "auto");
    td.append(link);
  }
  function scoreCell(td, one) {
    if (one.row[SCORE] === null) { td.append(element("span", "tag", "ungraded")); return; }
    td.append(never(one.row[SCORE], total));
  }
  function remarkCell(td, one) {
    if (one.row[PERSON]) td.append(element("span", "tag", "points by a person"), " ");
    td.append(one.row[REMARK]);
  }

  function matching() {
    const words = state.find.toLowerCase().split(/\s+/).filter(Boolean), q = chosen();
    return rows.filter(one => words.every(word => one.text.includes(word))
      && (state.status === "" || (state.status === "person" ? one.row[PERSON] : one.row[STATUS] === state.status))
      && (q === null || (one.row[POINTS][q] !== null && one.row[POINTS][q] < data.points[q]))
      && (state.mistake === null || one.row[MISTAKES].includes(state.mistake.number)));
  }
  function sorted(found) {
    const column = columns().find(c => c.key === state.key) || columns()[0], sign = state.up ? 1 : -1;
    return found.sort((a, b) => {
      const x = column.value(a), y = column.value(b);
      if (x === null || y === null) return (x === null) - (y === null) || a.rank - b.rank;  // what is not there comes last
      return sign * (x - y) || a.rank - b.rank;
    });
  }

  function heads() {
    const line = $("table").tHead.rows[0];
    const kept = document.activeElement && document.activeElement.dataset.sort;
    line.replaceChildren(...columns().map(column => {
      const th = element("th", (column.number ? "number" : "") + (column.quiet ? " quiet" : ""));
      const here = column.key === state.key;
      const button = element("button", "sort", column.head);
      th.scope = "col";
      th.setAttribute("aria-sort", here ? (state.up ? "ascending" : "descending") : "none");
      button.type = "button";
      button.dataset.sort = column.key;
      const sign = element("span", "arrow", here ? (state.up ? "▲" : "▼") : "↕");
      sign.setAttribute("aria-hidden", "true");
      button.append(" ", sign);
      button.addEventListener("click", () => {
        state.up = here ? !state.up : !column.number;
        state.key = column.key;
        show();
      });
      th.append(button);
      return th;
    }));
    const again = kept && line.querySelector(`[data-sort="${kept}"]`);
    if (again) again.focus();
  }
  function line(one, shown) {
    const tr = document.createElement("tr");
    shown.forEach((column, at) => {
      const td = element(at ? "td" : "th", (column.number ? "number" : "") + (column.quiet ? " quiet" : ""));
      if (!at) td.scope = "row";
      column.cell(td, one);
      tr.append(td);
    });
    return tr;
  }
  function show(limit = STEP) {
    state.limit = limit;
    const found = sorted(matching()), shown = columns(), part = document.createDocumentFragment();
    for (const one of found.slice(0, limit)) part.append(line(one, shown));
    heads();
    $("table").tBodies[0].replaceChildren(part);
    const seen = Math.min(limit, found.length);
    $("shown").textContent = `${found.length} of ${rows.length} students`
      + (seen < found.length ? `, the first ${seen} shown` : "");
    $("more").hidden = seen === found.length;
    $("more").textContent = `Show all ${found.length}`;
    $("picked").hidden = state.mistake === null;
    if (state.mistake !== null) $("picked").textContent = `Who made the mistake ${state.mistake.name}`;
    for (const button of document.querySelectorAll("button.pick"))
      button.setAttribute("aria-pressed", String(state.mistake !== null && Number(button.dataset.mistake) === state.mistake.number));
  }

  $("filters").addEventListener("submit", event => event.preventDefault());
  $("filters").addEventListener("reset", () => {
    Object.assign(state, { find: "", status: "", question: "", mistake: null });
    if (state.key === "question") state.key = "name";
    show();
  });
  for (const [id, type] of [["find", "input"], ["status", "change"], ["question", "change"]])
    $(id).addEventListener(type, () => {
      state[id] = $(id).value;
      if (state.key === "question" && chosen() === null) Object.assign(state, { key: "name", up: true });
      show();
    });
  $("more").addEventListener("click", () => show(Infinity));
  for (const button of document.querySelectorAll("button.pick"))
    button.addEventListener("click", () => {
      const number = Number(button.dataset.mistake);
      const off = state.mistake !== null && state.mistake.number === number;
      state.mistake = off ? null : { number, name: button.dataset.name };
      show();
      if (!off) $("students").scrollIntoView();
    });
  let before = STEP;
  window.addEventListener("beforeprint", () => { before = state.limit; show(Infinity); });
  window.addEventListener("afterprint", () => show(before));
  $("filters").hidden = $("table").hidden = false;
  show();
})();

"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const w = data.words, rows = data.rows;
  const $ = (id) => document.getElementById(id);
  const body = $("rows");
  if (!body) return;
  const PAGE = 50, PRINTED = 1000;
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent", maximumFractionDigits: 1 });
  const odds = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const fill = (text, parts) => text.replace(/\{(\w+)\}/g, (_, name) => parts[name] ?? "");

  // Everything from the data becomes text nodes; nothing is ever parsed as HTML.
  const el = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) node.setAttribute(name, value);
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  const shape = (tag, attributes, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const bar = (share, kind) => shape("svg", { class: "bar" + (kind ? " " + kind : ""), viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
    shape("rect", { class: "back", width: 100, height: 4 }),
    shape("rect", { class: "fill", width: Math.max(share > 0 ? 1 : 0, Math.min(100, share * 100)), height: 4 }));

  // What a row holds, by name.
  const read = ([file, table, column, total, detector, matches, found, distinct, invalid, sure, evidence, examples, spread, check, weights, accepted]) =>
    ({ file, table, column, total, detector: data.detectors[detector], matches, found, distinct, invalid, sure, evidence, examples, spread, check, weights, accepted, input: data.files[file] });
  const all = rows.map(read);
  for (const row of all) {
    row.text = [row.input, row.table, row.column, row.detector.id, row.detector.name, row.detector.label].join("\n").toLowerCase();
  }
  const word = (sure) => sure >= 990 ? w.certain : sure >= 800 ? w.likely : sure >= 500 ? w.possible : w.doubtful;
  const compare = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
  const orders = {
    place: (a, b) => compare(a.input, b.input) || compare(a.table ?? "", b.table ?? "") || compare(a.column ?? "", b.column ?? ""),
    kind: (a, b) => a.detector.rank - b.detector.rank || compare(a.detector.name, b.detector.name),
    rows: (a, b) => a.found - b.found,
    distinct: (a, b) => a.distinct - b.distinct,
    sure: (a, b) => a.sure - b.sure,
  };

  // What is shown stands in the address, so that a view can be kept and sent on.
  let state = {};
  const fromAddress = () => {
    const typed = new URLSearchParams(location.hash.slice(1));
    const order = typed.get("sort");
    state = {
      q: typed.get("q") ?? "", cat: typed.get("cat") ?? "", file: typed.get("file") ?? "", least: Number(typed.get("least")) || 0,
      sort: Object.hasOwn(orders, order) ? order : "", down: typed.has("down"), page: Math.max(0, Number(typed.get("page")) - 1 || 0), open: typed.get("open") ?? "",
    };
  };
  const toAddress = () => {
    const typed = new URLSearchParams();
    for (const name of ["q", "cat", "file", "sort", "open"]) if (state[name]) typed.set(name, state[name]);
    if (state.least) typed.set("least", state.least);
    if (state.down) typed.set("down", "");
    if (state.page) typed.set("page", state.page + 1);
    try { history.replaceState(null, "", "#" + typed); } catch { /* some browsers keep the address of a file as it is */ }
  };

  const chosen = () => {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter((row) => (!state.cat || row.detector.category === state.cat) && (!state.file || String(row.file) === state.file)
      && row.sure >= state.least && words.every((part) => row.text.includes(part)));
    if (state.sort) found.sort((a, b) => orders[state.sort](a, b) * (state.down ? -1 : 1));
    return found;
  };

  const section = (title, ...children) => el("div", {}, el("h3", {}, title), ...children);
  const sum = (row) => {
    if (!row.weights.length) return null;
    const most = Math.max(...row.weights.map(([, weight]) => Math.abs(weight)), 1);
    const line = ([what, weight]) => {
      const wide = Math.abs(weight) / most * 50;
      return el("tr", {}, el("td", {}, what), el("td", { class: "n" }, (weight > 0 ? "+" : "") + odds.format(weight)), el("td", {},
        shape("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
          shape("rect", { class: weight < 0 ? "against" : "for", x: weight < 0 ? 50 - wide : 50, width: wide, height: 6 }),
          shape("rect", { class: "zero", x: 49.8, width: .4, height: 6 }))));
    };
    const total = row.weights.reduce((before, [, weight]) => before + weight, 0);
    return section(w.sum, el("table", {}, el("tbody", {}, ...row.weights.filter(([, weight]) => Math.abs(weight) >= .05).map(line),
      el("tr", { class: "total" }, el("td", {}, w.total), el("td", { class: "n" }, odds.format(total)), el("td", {}, "= " + percent.format(Math.min(.999, 1 / (1 + Math.exp(-total)))))))),
      el("p", { class: "hint" }, w.sum_hint));
  };
  const valid = (row) => {
    if (!row.check) return section(w.valid, el("p", {}, w.no_check));
    const [passed, of, chance] = row.check;
    const share = of ? passed / of : 0;
    return section(w.valid, bar(share), bar(chance, "t3"),
      el("p", {}, fill(w.valid_text, { passed: number.format(passed), of: number.format(of), share: percent.format(share), chance: percent.format(chance) })),
      row.invalid ? el("p", {}, fill(w.invalid_text, { count: number.format(row.invalid) })) : null);
  };
  const spread = (row) => {
    const most = row.spread.reduce((before, [, count]) => Math.max(before, count), 1);
    return section(w.spread, el("table", {}, el("tbody", {}, ...row.spread.slice(0, 8).map(([sure, count]) =>
      el("tr", {}, el("td", {}, percent.format(sure / 1000)), el("td", {}, bar(count / most)), el("td", { class: "n" }, number.format(count)))))));
  };
  const details = (row) => el("tr", { class: "detail t" + row.detector.tier }, el("td", { colspan: 6 },
    row.accepted ? el("p", {}, row.accepted) : null,
    el("div", { class: "facts" },
      section(w.why, el("ul", {}, ...row.evidence.map((reason) => el("li", {}, reason)))),
      sum(row), valid(row), row.spread.length ? spread(row) : null,
      section(w.examples, ...row.examples.map((example) => el("code", {}, example))))));

  const line = (row) => {
    const id = String(row.number), open = state.open === id;
    const name = el("button", { type: "button", class: "name", "aria-expanded": open, "data-open": id }, row.column ?? "(" + w.text + ")");
    const where = (row.table ? row.input + " › " + row.table : row.input).split("/")
      .flatMap((part, at) => at ? ["/", el("wbr"), part] : [part]);
    const share = row.total ? row.found / row.total : 0;
    return [el("tr", { class: "t" + row.detector.tier + (open ? " open" : "") },
      el("td", {}, name, el("small", { class: "where" }, ...where)),
      el("td", { class: "kind" }, row.detector.name, el("small", {}, row.detector.label + (row.accepted ? " · " + w.accepted : ""))),
      el("td", { class: "n", "data-name": w.rows }, number.format(row.found) + " ", el("small", {}, percent.format(share)), el("div", { class: "share" }, bar(share))),
      el("td", { class: "n", "data-name": w.distinct }, number.format(row.distinct)),
      el("td", { class: "n", "data-name": w.sure }, percent.format(row.sure / 1000), el("small", {}, " " + word(row.sure))),
      el("td", {}, ...row.examples.slice(0, 2).map((example) => el("code", {}, example + " ")))), open ? details(row) : null];
  };

  const put = (found, part) => {
    body.replaceChildren(...part.flatMap(line).filter(Boolean));
    if (!found.length) body.append(el("tr", {}, el("td", { colspan: 6 }, w.no_match)));
  };
  const show = () => {
    const found = chosen();
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    state.page = Math.min(state.page, pages - 1);
    put(found, found.slice(state.page * PAGE, (state.page + 1) * PAGE));
    $("cut").hidden = true;
    $("count").textContent = fill(w.shown, { shown: number.format(found.length), all: number.format(all.length) })
      + (state.file ? " · " + (data.files[state.file] ?? "") : "");
    $("page").textContent = fill(w.page, { page: number.format(state.page + 1), pages: number.format(pages) });
    $("pages").hidden = pages === 1;
    $("previous").disabled = state.page === 0;
    $("next").disabled = state.page === pages - 1;
    if (document.activeElement !== $("q")) $("q").value = state.q;
    $("cat").value = state.cat;
    $("sure-least").value = state.least || "";
    $("order").value = state.sort && state.sort + (state.down ? " down" : "");
    for (const head of document.querySelectorAll("[data-sort]")) {
      const own = head.dataset.sort === state.sort;
      if (own) head.setAttribute("aria-sort", state.down ? "descending" : "ascending"); else head.removeAttribute("aria-sort");
    }
  };
  // Paper has no pages to turn to: it starts at the first row, and says where it ends before the last.
  const print = () => {
    const found = chosen();
    put(found, found.slice(0, PRINTED));
    $("cut").hidden = found.length <= PRINTED;
    $("cut").textContent = fill(w.printed, { printed: number.format(PRINTED), all: number.format(found.length) });
  };
  const change = (changes) => { Object.assign(state, changes); toAddress(); show(); };

  all.forEach((row, at) => { row.number = at; });
  $("filter").addEventListener("submit", (event) => event.preventDefault());
  $("q").addEventListener("input", (event) => change({ q: event.target.value, page: 0, open: "" }));
  $("cat").addEventListener("change", (event) => change({ cat: event.target.value, page: 0, open: "" }));
  $("sure-least").addEventListener("change", (event) => change({ least: Number(event.target.value), page: 0, open: "" }));
  $("order").addEventListener("change", (event) => {
    const [sort, down] = event.target.value.split(" ");
    change({ sort, down: Boolean(down), page: 0, open: "" });
  });
  $("reset").addEventListener("click", () => { change({ q: "", cat: "", file: "", least: 0, sort: "", down: false, page: 0, open: "" }); $("q").value = ""; });
  $("previous").addEventListener("click", () => change({ page: state.page - 1, open: "" }));
  $("next").addEventListener("click", () => change({ page: state.page + 1, open: "" }));
  for (const head of document.querySelectorAll("[data-sort]")) {
    const own = head.dataset.sort;
    // A phone shows no headings to choose from.
    const name = head.textContent.trim();
    $("order").append(el("option", { value: own }, name + ", " + w.ascending), el("option", { value: own + " down" }, name + ", " + w.descending));
    head.querySelector("button").addEventListener("click", () => {
      const numbers = own !== "place" && own !== "kind";
      change({ sort: own, down: state.sort === own ? !state.down : numbers, page: 0, open: "" });
    });
  }
  body.addEventListener("click", (event) => {
    if (String(getSelection())) return;
    const button = event.target.closest("tr")?.querySelector("[data-open]");
    if (!button) return;
    const id = button.dataset.open;
    change({ open: state.open === id ? "" : id });
    body.querySelector(`[data-open="${CSS.escape(id)}"]`)?.focus();
  });
  const asked = () => /^#(.*&)?(q|cat|file|least|sort)=/.test(location.hash);
  addEventListener("hashchange", () => {
    if (!asked()) return;
    fromAddress();
    show();
    $("columns").scrollIntoView();
  });
  $("filter").hidden = false;
  addEventListener("beforeprint", print);
  addEventListener("afterprint", show);
  fromAddress();
  show();
})();

// The page: filters at the left, the audience in the middle, one customer at the right. Texts become text nodes, so that
// no value of the data is ever read as HTML. The address after # holds the whole state.
const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes (on…: a listener) and children. */
function h(tag, attributes = {}, ...children) {
  const element = tag.startsWith("svg:") ? document.createElementNS(SVG, tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter(c => c !== null && c !== undefined && c !== false));
  return element;
}

const LISTED = ["rfm_class", "stage", "expected_value", "monetary_net", "recency_days", "frequency", "churn_risk",
  "survey_score"];
const ROW = 34; // height of a line of the list, in pixels
const FIRST = 8; // values of a facet that are seen at once
const ANSWERS = 30; // fewer make no NPS
const TOLD = 7; // differences told first
const FAR = 1.2; // and only those that are a fifth apart

function explore(root, customers) {
  const {shared, least} = customers;
  const state = {lang: "en", tab: "profile", sort: "-expected_value", card: null, versus: null};
  if (!customers.columns.has("expected_value")) state.sort = "id";
  let parts = {}, counted = [], returnTo = null;

  const t = (key, values = {}) =>
    customers.words[state.lang][key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  const say = label => label[state.lang];
  const column = key => customers.columns.get(key);
  const money = v => inMoney(v, customers.currency, state.lang);
  const show = (c, v) => shown(c, v, customers.currency, state.lang);
  const named = (c, code) => (code === customers.unknown ? t("unknown") : say(c.names[code]));
  const colour = (c, code) => (code === customers.unknown || c.values[code] === "*" ? null
    : c.key === "rfm_class" || c.key === "stage" ? `var(--${c.key}-${c.values[code]})` : null);
  const dot = (c, code) => colour(c, code) && h("i", {class: "dot", style: `background:${colour(c, code)}`});
  const hidden = k => shared && k > 0 && k < least;
  const number = k => (hidden(k) ? `<${least}` : whole(k));
  /** Below a cell of a notebook the page has no address, and no report beside it. */
  const framed = location.href === "about:srcdoc";
  /** In a shared page an audience is hidden where it, or all the others, are too few. */
  const secret = n => hidden(n) || hidden(customers.n - n);

  // --- the state and the address

  function read() {
    const text = location.hash.slice(1), found = {};
    state.strange = [];
    for (const part of text.split("&")) found[part.split("=")[0]] = plain(part.slice(part.indexOf("=") + 1));
    customers.filterAll(filtersFromText(customers, text, state.strange));
    if (["en", "zh"].includes(found.lang)) state.lang = found.lang;
    state.tab = found.tab === "list" && !shared ? "list" : "profile";
    const by = (found.sort ?? "").replace(/^-/, "");
    if (by === "id" || LISTED.includes(by) && column(by)) state.sort = found.sort;
    state.card = customers.ids?.includes(found.card) ? found.card : null;
    if (found.card && !state.card) state.strange.push(found.card);
    state.versus = found.versus ?? null;
    if (state.versus !== null) filtersFromText(customers, state.versus, state.strange);
  }

  function write() {
    const extra = {lang: state.lang, tab: state.tab === "list" && "list", sort: state.sort !== "-expected_value"
      && state.sort !== "id" && state.sort, card: state.card, versus: state.versus};
    const text = Object.entries(extra).filter(([, v]) => v || v === "").filter(([k, v]) => v !== "" || k === "versus")
      .map(([k, v]) => `${k}=${written(v)}`);
    const hash = [filtersAsText(customers, customers.filters), ...text].filter(Boolean).join("&");
    try { history.replaceState(null, "", `#${hash}`); } catch { /* a sandboxed frame has no address */ }
  }

  function words(filters) {
    const range = (c, [low, high]) => (low === -Infinity ? `≤ ${show(c, high)}` : high === Infinity ? `≥ ${show(c, low)}`
      : `${show(c, low)} – ${show(c, high)}`);
    return [...filters].map(([key, wanted]) => [key, key === "q" ? `“${wanted}”`
      : t("is", {column: say(column(key).label), value: wanted instanceof Set
        ? [...wanted].map(code => named(column(key), code)).join(t("comma")) : range(column(key), wanted)})]);
  }

  // --- the frame of the page

  function build() {
    document.documentElement.lang = root.lang = state.lang;
    document.title = t("title");
    parts = {facets: [], tags: [], ranges: []};
    const group = ({key, label}, inside, open) => inside.length
      ? h("details", {class: "group", open}, h("summary", {}, say(label)), ...inside) : null;
    const facets = key => customers.categories.filter(c => c.group === key).map(c => (c.yes_or_no ? tag(c) : facet(c)));
    const ranges = customers.numbers.filter(c => c.range).map(range);
    parts.search = h("input", {type: "search", id: "search", autocomplete: "off", oninput: () => later(searched)});
    parts.search.value = customers.filters.get("q") ?? "";
    parts.filters = h("form", {class: "filters", id: "filters", "aria-label": t("filters"),
      onsubmit: e => e.preventDefault()},
    shared ? null : h("label", {for: "search", class: "field"}, t("search"), parts.search),
    customers.groups.map(g => group(g, g.key === "values" ? ranges : facets(g.key), g.key === "life" || g.key === "values")),
    h("button", {type: "button", class: "main done", onclick: () => toggleFilters(false)}, t("done")));
    parts.toggle = h("button", {type: "button", class: "toggle", "aria-expanded": "false", "aria-controls": "filters",
      onclick: () => toggleFilters(!root.classList.contains("filtering"))}, t("filters"));
    parts.chips = h("div", {class: "chips"});
    parts.tiles = h("dl", {class: "tiles"});
    parts.status = h("p", {class: "unseen", role: "status", "aria-live": "polite"});
    parts.panel = h("div", {role: "tabpanel", id: "panel", tabindex: "0"});
    parts.tabs = (shared ? ["profile"] : ["profile", "list"]).map(key => h("button", {type: "button", role: "tab",
      id: `tab-${key}`, "aria-controls": "panel", onclick: () => open(key), onkeydown: e => {
        if (!["ArrowLeft", "ArrowRight"].includes(e.key) || shared) return;
        open(key === "list" ? "profile" : "list");
        parts.tabs.find(b => b.id === `tab-${state.tab}`).focus();
      }}, t(key)));
    parts.versus = h("button", {type: "button", onclick: pin});
    parts.save = h("button", {type: "button", onclick: save}, t("save"));
    parts.card = h("section", {class: "card", role: "dialog", tabindex: "-1", hidden: true, "aria-labelledby": "who"});
    const other = state.lang === "en" ? "zh" : "en";
    root.replaceChildren(
      h("header", {}, h("h1", {}, t("title")), h("p", {}, customers.as_of ? t("as_of", {day: today()}) : "",
        shared ? ` · ${t("is_shared", {least})}` : ""),
      h("nav", {"aria-label": t("title")}, parts.toggle,
        shared || framed ? null : h("a", {href: "report.html"}, t("report")),
        framed ? null : h("button", {type: "button", onclick: copy}, t("copy")),
        h("button", {type: "button", lang: other, onclick: () => { state.lang = other; draw(); }},
          other === "zh" ? "中文" : "English"))),
      parts.filters,
      h("main", {tabindex: "-1"}, remarks(), lists(), parts.chips, parts.status, parts.tiles,
        h("div", {class: "bar"}, h("div", {role: "tablist", "aria-label": t("audience")}, parts.tabs), parts.versus,
          shared ? null : parts.save), parts.panel),
      parts.card);
  }

  const today = () => inWords(Date.parse(`${customers.as_of}T00:00Z`) / 864e5, state.lang);

  function remarks() {
    const lines = [];
    if (customers.left_out) lines.push(t("left_out", {n: whole(customers.n), of: whole(customers.n + customers.left_out)}));
    if (customers.erased) lines.push(t("erased", {n: whole(customers.erased)}));
    if (state.strange.length) lines.push(t("strange", {what: state.strange.map(plain).join(t("comma"))}));
    return lines.map(line => h("p", {class: "remark"}, line));
  }

  function lists() {
    const ready = customers.lists.filter(l => filtersFromText(customers, l.filters).size === l.filters.split("&").length);
    return ready.length ? h("div", {class: "lists", role: "group", "aria-label": t("lists")}, h("span", {}, t("lists")),
      ready.map(l => h("button", {type: "button", onclick: () => {
        customers.filterAll(filtersFromText(customers, l.filters));
        parts.search.value = "";
        refresh();
      }}, say(l.label)))) : null;
  }

  function facet(c) {
    const codes = c.values.map((_, code) => code);
    if (c.everywhere[customers.unknown]) codes.push(customers.unknown);
    const lines = codes.map((code, place) => {
      const box = h("input", {type: "checkbox", onchange: () => {
        const chosen = new Set(customers.filters.get(c.key) ?? []);
        if (box.checked) chosen.add(code); else chosen.delete(code);
        customers.filter(c.key, chosen.size ? chosen : undefined);
        refresh();
      }});
      const count = h("span", {class: "count"}), bar = h("i", {class: "share"});
      const line = h("label", {class: "value", hidden: place >= FIRST && codes.length > FIRST + 2}, box,
        h("span", {class: "name"}, dot(c, code), named(c, code)), count, bar);
      parts.facets.push({c, code, box, count, bar, line});
      return line;
    });
    const rest = lines.filter(l => l.hidden);
    const more = rest.length ? h("button", {type: "button", class: "plain", onclick: () => {
      rest.forEach(l => { l.hidden = false; });
      rest[0].querySelector("input").focus();
      more.remove();
    }}, t("more", {n: rest.length})) : null;
    return h("fieldset", {}, h("legend", {title: say(c.about)}, say(c.label)), lines, more);
  }

  function tag(c) {
    const choices = [["", "any"], ...c.values.map((v, code) => [code, v]), [customers.unknown, "unknown"]];
    const select = h("select", {id: `tag-${c.key}`, onchange: () => {
      customers.filter(c.key, select.value === "" ? undefined : new Set([Number(select.value)]));
      refresh();
    }}, choices.map(([value, key]) => h("option", {value}, t(key))));
    const count = h("span", {class: "count"});
    parts.tags.push({c, select, count});
    return h("div", {class: "tag", title: say(c.about)}, h("label", {for: select.id}, say(c.label)), count, select);
  }

  function range(c) {
    const unit = c.unit === "share" ? 100 : 1, values = c.values;
    let low = Infinity, high = -Infinity;
    for (let i = 0; i < customers.n; i++) {
      const v = values[i];
      if (v < low) low = v;
      if (v > high) high = v;
    }
    const field = (end, edge, word) => h("input", {inputmode: "decimal", "aria-label": `${say(c.label)}: ${t(word)}`,
      autocomplete: "off", placeholder: shared ? t(word) : whole(edge * unit), onchange: changed});
    const fields = [field(0, low, "from"), field(1, high, "to")];
    function changed() {
      const ends = fields.map((f, i) => {
        const text = f.value.trim().replace(/[，,]/g, "").replace("−", "-"), v = Number(text) / unit;
        f.toggleAttribute("aria-invalid", text !== "" && v !== v);
        return text === "" || v !== v ? (i ? Infinity : -Infinity) : v;
      });
      customers.filter(c.key, ends.some(Number.isFinite) ? ends : undefined);
      refresh();
    }
    const bins = 24, log = ["money", "days", "orders", "count"].includes(c.unit);
    const top = Math.log1p(Math.max(high, 1));
    const scale = v => (log ? Math.log1p(Math.max(0, v)) / top : (v - low) / (high - low || 1));
    const codes = new Uint8Array(customers.n);
    for (let i = 0; i < customers.n; i++) {
      const v = values[i];
      codes[i] = v === v ? Math.max(0, Math.min(bins - 1, Math.floor(scale(v) * bins))) : 255;
    }
    const bars = Array.from({length: bins}, (_, b) => h("svg:rect", {x: 10 * b + 1, width: 8}));
    parts.ranges.push({c, unit, fields, bars, codes: {key: c.key, codes}});
    return h("fieldset", {}, h("legend", {title: say(c.about)}, say(c.label) + (unit === 100 ? " (%)" : "")),
      shared ? null : h("svg:svg", {viewBox: `0 0 ${10 * bins} 30`, preserveAspectRatio: "none", "aria-hidden": "true"}, bars),
      h("div", {class: "ends"}, fields[0], "–", fields[1]));
  }

  // --- what follows a filter

  function refresh(focus = false) {
    const begun = performance.now();
    customers.rows = counted = customers.audience();
    parts.total = customers.sums(counted);
    drawFilters();
    drawChips();
    drawTiles();
    drawPanel();
    write();
    root.dataset.ms = (performance.now() - begun).toFixed(1);
    root.dataset.customers = hidden(counted.length) ? "" : counted.length;
    if (focus) root.querySelector("main").focus();
  }

  function drawFilters() {
    const counts = new Map(), tops = new Map(), veils = new Map();
    for (const {c, code, box, count, bar, line} of parts.facets) {
      if (!counts.has(c)) {
        counts.set(c, customers.countWithout(c));
        tops.set(c, Math.max(1, ...counts.get(c)));
        veils.set(c, veiled(counts.get(c)));
      }
      const k = counts.get(c)[code], veil = veils.get(c).has(code);
      box.checked = customers.filters.get(c.key)?.has(code) ?? false;
      line.classList.toggle("on", box.checked);
      count.textContent = veil ? `<${hidden(k) ? least : "…"}` : whole(k);
      bar.style.width = veil ? "0" : `${100 * k / tops.get(c)}%`;
    }
    for (const {c, select, count} of parts.tags) {
      const chosen = customers.filters.get(c.key);
      count.textContent = number(customers.countWithout(c)[c.values.indexOf("yes")] ?? 0);
      select.value = chosen ? [...chosen][0] : "";
    }
    for (const {c, unit, fields, bars, codes} of parts.ranges) {
      const ends = customers.filters.get(c.key) ?? [-Infinity, Infinity];
      fields.forEach((f, i) => {
        if (document.activeElement !== f) f.value = Number.isFinite(ends[i]) ? Number((ends[i] * unit).toPrecision(12)) : "";
      });
      const k = customers.countWithout(codes), top = Math.max(1, ...k.subarray(0, bars.length));
      bars.forEach((bar, b) => {
        bar.setAttribute("y", 30 - 29 * k[b] / top);
        bar.setAttribute("height", 29 * k[b] / top);
      });
    }
    const n = customers.filters.size;
    parts.toggle.textContent = n ? `${t("filters")} (${n})` : t("filters");
  }

  /**
   * In a shared page: the places of counts that are too few; where a sum would tell them (one alone, or all as small or as
   * large as they can be), with the next smallest.
   */
  function veiled(counts) {
    const few = [...counts.keys()].filter(i => hidden(counts[i])), sum = few.reduce((all, i) => all + counts[i], 0);
    if (few.length === 1 || sum === few.length || sum === (least - 1) * few.length) {
      const rest = [...counts.keys()].filter(i => counts[i] && !few.includes(i)).sort((a, b) => counts[a] - counts[b]);
      if (few.length) few.push(...rest.slice(0, 1));
    }
    return new Set(few);
  }

  function drawChips() {
    const chip = (text, label, press) => h("span", {class: "chip"}, text, h("button", {type: "button", "aria-label": label,
      onclick: press}, "×"));
    const chosen = words(customers.filters).map(([key, text]) => chip(text, t("remove", {what: text}), () => {
      customers.filter(key);
      if (key === "q") parts.search.value = "";
      refresh(true);
    }));
    const clear = h("button", {type: "button", class: "plain", onclick: () => {
      customers.filterAll(new Map());
      parts.search.value = "";
      refresh(true);
    }}, t("clear"));
    const versus = state.versus === null ? null
      : h("p", {class: "versus"}, chip(t("against", {what: versusWords()}), t("unpin"), pin));
    parts.chips.replaceChildren(...(chosen.length ? [...chosen, clear] : [h("b", {}, t("everybody"))]), ...(versus ? [versus] : []));
  }

  const versusFilters = () => filtersFromText(customers, state.versus);
  const versusWords = () => words(versusFilters()).map(([, text]) => text).join(" · ") || t("everybody");
  const versusRows = () => (state.versus === null ? null : customers.chosen(versusFilters()));

  function drawTiles() {
    const s = parts.total, all = customers.all, rows = versusRows(), other = rows && customers.sums(rows);
    const tiles = [tileCustomers, tileMoney, tileExpected, tileRisk, tileNps].map(tile => tile(s, all));
    const others = other ? [tileCustomers, tileMoney, tileExpected, tileRisk, tileNps].map(tile => tile(other, all)) : [];
    parts.tiles.replaceChildren(...tiles.map((tile, i) => tile && h("div", {class: "tile", "data-tile": tile.key},
      h("dt", {}, t(tile.key, tile.values)),
      h("dd", {"data-value": tile.hide ? null : tile.value}, h("strong", {}, tile.hide ? tile.hide : tile.text),
        tile.hide ? null : tile.notes.filter(Boolean).map(n => h("span", {}, n)),
        others[i] && h("span", {class: "other"}, t("versus_is", {value: others[i].hide || others[i].text}))))).filter(Boolean));
    parts.status.textContent = t("status", {n: secret(s.n) ? `<${least}` : whole(s.n)});
    parts.versus.textContent = state.versus === null ? t("pin") : t("unpin");
    parts.save.disabled = !s.n;
    for (const tab of parts.tabs) {
      const on = tab.id === `tab-${state.tab}`;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
    }
    parts.panel.setAttribute("aria-labelledby", `tab-${state.tab}`);
  }

  const veil = n => (secret(n) ? (hidden(n) ? `<${least}` : t("too_many")) : null);

  function tileCustomers(s, all) {
    const notes = [s.n < all.n && t("of_all", {share: percent(s.n / all.n, 1), of: whole(all.n)}),
      s.n === all.n && all.buyers && all.buyers < all.n && !secret(all.buyers) && t("who_bought", {n: whole(all.buyers)})];
    if (all.buyers && s.buyers === s.n && s.n && all.buyers < all.n) {
      notes.push(t("of_buyers", {share: percent(s.n / all.buyers, 1), of: whole(all.buyers)}));
    }
    return {key: "customers", value: s.n, text: whole(s.n), notes, hide: veil(s.n)};
  }

  function tileMoney(s, all) {
    if (!column("monetary_net")) return null;
    const [share, low, high] = statistics.shareOfSum(s.money, s.squares, all.money, all.squares);
    const middle = statistics.median(customers.column("monetary_net", s === parts.total ? counted : versusRows()));
    return {key: "money", value: s.money, text: money(s.money), hide: veil(s.n), notes: [
      s.n < all.n && all.money > 0 && t("money_share", {share: percent(share, 1), low: percent(low, 1), high: percent(high, 1)}),
      middle === middle && t("a_head", {money: money(middle)})]};
  }

  /** The intervals are the ledger's: there are some for everybody, classes and actions, and none can be made here. */
  function tileExpected(s) {
    if (!column("expected_value")) return null;
    const filters = s === parts.total ? customers.filters : versusFilters();
    const [key, only] = filters.size === 1 ? [...filters][0] : [];
    const ends = filters.size === 0 ? customers.expected.all
      : only?.size === 1 ? customers.expected[key]?.[column(key).values[[...only][0]]] : null;
    const note = ends && ends[0] !== null && !customers.erased && !customers.left_out
      ? t("interval", {low: money(ends[0]), high: money(ends[1])}) : t("no_interval");
    return {key: "expected", values: {weeks: customers.weeks}, value: s.expected, text: money(s.expected), hide: veil(s.n),
      notes: [note]};
  }

  function tileRisk(s) {
    if (!column("stage")) return null;
    const [low, high] = statistics.wilson(s.atRisk, s.staged);
    const few = hidden(s.atRisk) || hidden(s.staged - s.atRisk);
    return {key: "at_risk", value: s.atRisk, text: s.staged ? percent(s.atRisk / s.staged) : "–",
      hide: veil(s.n) ?? (few ? `<${least}` : null),
      notes: [s.staged && t("at_risk_of", {k: whole(s.atRisk), n: whole(s.staged)}),
        s.staged && s.n < customers.n && !customers.filters.has("stage") && t("interval", {low: percent(low), high: percent(high)})]};
  }

  function tileNps(s) {
    if (!customers.all.said.some(k => k)) return null;
    const n = s.said[0] + s.said[1] + s.said[2], [value, low, high] = statistics.nps(...s.said);
    if (chosenByScore()) return {key: "nps", value: null, text: "–", notes: [t("by_score")], hide: null};
    if (n < ANSWERS) return {key: "nps", value: null, text: "–", notes: [t("few_answers", {n: ANSWERS})], hide: veil(s.n)};
    return {key: "nps", value, text: signed(value), hide: veil(s.n),
      notes: [t("interval", {low: signed(low), high: signed(high)}), t("answers", {n: whole(n)})]};
  }

  /** Whom a score chose has the NPS that the choice gives. */
  const chosenByScore = () => [...usedBy(customers.filters)].some(
    key => key === "survey_score" || (!column(key)?.chosen_by && column(key)?.made_of?.includes("survey_score")));

  /** The columns of filters, and those that put customers into the actions that are filtered by. */
  function usedBy(filters) {
    return new Set([...filters].flatMap(([key, wanted]) => {
      const by = column(key)?.chosen_by;
      return [key, ...(by ? [...wanted].flatMap(code => by[column(key).values[code]] ?? []) : [])];
    }));
  }

  // --- profile

  function drawPanel() {
    if (state.tab === "list") drawList(); else drawProfile();
  }

  function drawProfile() {
    const rows = versusRows(), n = counted.length;
    if (!n || secret(n) || (rows && (!rows.length || secret(rows.length)))) {
      parts.panel.replaceChildren(h("p", {class: "note"}, n ? t("too_few", {least}) : t("nobody")));
      return;
    }
    const used = new Set([...usedBy(customers.filters), ...(rows ? usedBy(versusFilters()) : [])]);
    const found = customers.compare(counted, rows, used);
    const title = rows ? "apart_from" : "apart";
    const everybody = !rows && n === customers.n;
    const tables = customers.categories.filter(c => !c.yes_or_no).map(c => [say(c.label), found.filter(f => f.column === c)]);
    tables.push([t("tags"), found.filter(f => f.column.yes_or_no)]);
    parts.panel.replaceChildren(
      everybody ? "" : h("h2", {}, t(title)), everybody ? "" : told(found),
      h("p", {class: "note"}, t(rows ? "legend_versus" : "legend"), shared ? ` ${t("small", {least})}` : ""),
      h("div", {class: "tables"}, tables.filter(([, lines]) => lines.length).map(([name, lines]) => table(name, lines, rows))));
  }

  const differs = f => f.q !== null && f.q < 0.05 && !hidden(f.k) && !hidden(f.n - f.k);
  const label = f => (f.column.yes_or_no ? say(f.column.label) : named(f.column, f.code));

  /**
   * What is more, and what is less frequent, beyond chance and by a fifth: not what all or none have, which the choice
   * itself makes so, and no tag that says again what a column beside it says.
   */
  function told(found) {
    const again = f => f.column.yes_or_no && f.column.made_of.some(m => column(m)?.codes);
    const far = found.filter(f => differs(f) && f.k > 0 && f.k < f.n && !again(f) && (f.tgi[0] >= 100 * FAR || f.tgi[0] <= 100 / FAR));
    const chips = list => list.map(f => h("span", {class: "chip"}, label(f), " ", h("b", {}, percent(f.k / f.n)), " ",
      t("instead_of", {share: percent(f.baseK / f.baseN)})));
    const more = far.filter(f => f.tgi[0] > 100).sort((a, b) => b.tgi[1] - a.tgi[1]).slice(0, TOLD);
    const less = far.filter(f => f.tgi[0] < 100).sort((a, b) => a.tgi[2] - b.tgi[2]).slice(0, TOLD - 3);
    if (!more.length && !less.length) return h("p", {}, t("nothing"));
    return h("div", {class: "told"}, more.length ? h("p", {}, h("span", {class: "soft"}, t("more_often"), " "), chips(more)) : null,
      less.length ? h("p", {}, h("span", {class: "soft"}, t("less_often"), " "), chips(less)) : null);
  }

  function table(name, lines, versus) {
    const veiled = masked(lines), top = Math.max(0.01, ...lines.map(f => Math.max(f.k / f.n, f.baseK / f.baseN)));
    const head = [h("td"), h("td"), ...["share", versus ? "share_versus" : "share_all", versus ? "index" : "tgi"]
      .map(key => h("th", {scope: "col"}, t(key)))];
    return h("section", {}, h("h3", {}, name), h("table", {class: "profile"}, h("thead", {}, h("tr", {}, head)),
      h("tbody", {}, lines.map(f => {
        const veil = veiled.has(f), [tgi, low, high] = f.tgi, on = differs(f) && !veil;
        return h("tr", {class: on ? "differs" : null, "data-column": f.column.key, "data-value": f.column.values[f.code]},
          h("th", {scope: "row"}, dot(f.column, f.code), label(f)),
          h("td", {class: "track"}, h("div", {}, h("i", {style: `width:${veil ? 0 : 100 * f.k / f.n / top}%`}),
            h("b", {style: `left:${100 * f.baseK / f.baseN / top}%`}))),
          h("td", {}, veil ? `<${least}` : percent(f.k / f.n)), h("td", {}, percent(f.baseK / f.baseN)),
          h("td", {}, veil || tgi !== tgi ? "–" : [String(Math.round(tgi)), on ? h("small", {}, ` ${Math.round(low)}–${Math.round(high)}`) : null]));
      }))));
  }

  /** In a shared page: cells of too few, here, among the rest, or there. */
  function masked(lines) {
    const one = lines[0].column.yes_or_no ? new Set() : veiled(lines.map(f => f.k));
    const few = f => [f.k, f.n - f.k, f.baseK, f.baseK - f.k].some(hidden);
    return new Set(lines.filter((f, i) => one.has(i) || few(f)));
  }

  // --- list

  function drawList() {
    if (!counted.length) {
      parts.panel.replaceChildren(h("p", {class: "note"}, t("nobody")));
      return;
    }
    const by = state.sort.replace(/^-/, ""), down = state.sort.startsWith("-");
    const order = customers.sorted(counted, by, down), keys = ["id", ...LISTED.filter(column)];
    const name = key => (key === "id" ? t("customer") : say(column(key).label));
    const head = keys.map(key => h("th", {scope: "col", class: column(key)?.codes || key === "id" ? null : "figure",
      "aria-sort": key === by ? (down ? "descending" : "ascending") : null}, h("button", {type: "button", "data-sort": key,
      onclick: () => sort(key)}, name(key), key === by ? h("span", {"aria-hidden": "true"}, down ? " ▼" : " ▲") : null)));
    const body = h("tbody"), box = h("div", {class: "list", tabindex: "0", role: "region", "aria-label": t("list")},
      h("table", {"aria-rowcount": order.length + 1}, h("thead", {}, h("tr", {}, head)), body));
    const gap = rows => h("tr", {"aria-hidden": "true"}, h("td", {colspan: keys.length, style: `height:${ROW * rows}px`}));
    let first = -1;
    /** Only the lines in sight are there: a window on the order. */
    function draw(from = null) {
      const start = Math.max(0, Math.floor(box.scrollTop / ROW) - 8);
      if (from === null && Math.abs(start - first) < 4) return;
      const focused = document.activeElement?.dataset.row;
      first = start;
      const end = Math.min(order.length, start + 40);
      body.replaceChildren(...(start ? [gap(start)] : []), ...Array.from(order.subarray(start, end), (row, j) => line(row, start + j)),
        ...(end < order.length ? [gap(order.length - end)] : []));
      if (focused !== undefined) body.querySelector(`[data-row="${focused}"]`)?.focus({preventScroll: true});
    }
    function line(row, place) {
      const id = customers.ids[row];
      const cells = keys.slice(1).map(key => {
        const c = column(key);
        return c.codes ? h("td", {}, dot(c, c.codes[row]), named(c, c.codes[row])) : h("td", {class: "figure"}, show(c, c.values[row]));
      });
      return h("tr", {"aria-rowindex": place + 2, class: id === state.card ? "open" : null,
        onclick: () => openCard(id, row)}, h("td", {}, h("button", {type: "button", class: "plain", "data-row": row}, id)), cells);
    }
    body.addEventListener("keydown", e => {
      const step = {ArrowDown: 1, ArrowUp: -1}[e.key];
      if (!step) return;
      e.preventDefault();
      const at = order.indexOf(Number(document.activeElement.dataset.row)) + step;
      if (at < 0 || at >= order.length) return;
      const height = box.clientHeight - 2 * ROW;
      box.scrollTop = Math.min(Math.max(box.scrollTop, ROW * at - height), ROW * at);
      draw(0);
      body.querySelector(`[data-row="${order[at]}"]`)?.focus({preventScroll: true});
    });
    box.addEventListener("scroll", () => draw(), {passive: true});
    parts.panel.replaceChildren(h("p", {class: "note"}, t("sorted", {n: whole(order.length), by: name(by)})), box);
    parts.order = order;
    draw(0);
  }

  function sort(key) {
    const descends = column(key)?.values instanceof Float64Array;
    state.sort = state.sort === key || (descends && state.sort !== `-${key}`) ? `-${key}` : key;
    drawList();
    write();
    parts.panel.querySelector(`[data-sort="${key}"]`).focus();
  }

  // --- card

  function openCard(id, row) {
    returnTo = row;
    state.card = id;
    drawCard();
    write();
    parts.card.focus();
    parts.panel.querySelectorAll("tr.open").forEach(r => r.classList.remove("open"));
    parts.panel.querySelector(`[data-row="${row}"]`)?.closest("tr").classList.add("open");
  }

  function closeCard() {
    state.card = null;
    drawCard();
    write();
    (parts.panel.querySelector(`[data-row="${returnTo}"]`) ?? parts.panel).focus();
  }

  function step(by) {
    const order = parts.order ?? counted, at = order.indexOf(customers.ids.indexOf(state.card)) + by;
    if (at >= 0 && at < order.length) openCard(customers.ids[order[at]], order[at]);
  }

  function drawCard() {
    const begun = performance.now(), row = state.card === null ? -1 : customers.ids.indexOf(state.card);
    parts.card.hidden = row < 0;
    root.classList.toggle("carded", row >= 0);
    cover();
    if (row < 0) return;
    const events = customers.events(row), chip = key => column(key) && column(key).codes[row] !== customers.unknown
      && h("span", {class: "chip"}, dot(column(key), column(key).codes[row]), named(column(key), column(key).codes[row]));
    const facts = customers.numbers.filter(c => c.values[row] === c.values[row]);
    const known = customers.categories.filter(c => !c.yes_or_no && !["rfm_class", "stage"].includes(c.key)
      && c.codes[row] !== customers.unknown);
    const carried = customers.categories.filter(c => c.yes_or_no && c.values[c.codes[row]] === "yes");
    const entry = (label, value, about) => h("div", {title: about}, h("dt", {}, label), h("dd", {}, value));
    parts.card.replaceChildren(
      h("div", {class: "steps"}, h("button", {type: "button", onclick: () => step(-1)}, `‹ ${t("previous")}`),
        h("button", {type: "button", onclick: () => step(1)}, `${t("next")} ›`),
        h("button", {type: "button", class: "close", "aria-label": t("close"), onclick: closeCard}, "✕")),
      h("h2", {id: "who"}, state.card), h("p", {}, chip("rfm_class"), chip("stage")),
      h("h3", {}, t("why")), h("ul", {class: "why"}, why(row).map(text => h("li", {}, text))),
      ...(events.length ? [h("h3", {}, t("history")), drawTimeline(events, row)] : []),
      h("h3", {}, t("facts")), h("dl", {class: "facts"}, known.map(c => entry(say(c.label), named(c, c.codes[row]), say(c.about))),
        facts.map(c => entry(say(c.label), show(c, c.values[row]), say(c.about)))),
      h("h3", {}, t("tags")), carried.length ? h("ul", {class: "why"}, carried.map(c => h("li", {}, h("b", {}, say(c.label)), " ",
        h("span", {class: "soft"}, say(c.about))))) : h("p", {}, "–"),
      ...(events.length ? [h("h3", {}, t("latest")), latest(events)] : []));
    parts.card.scrollTop = 0;
    parts.card.dataset.ms = (performance.now() - begun).toFixed(1);
  }

  const narrow = matchMedia("(max-width: 52rem)");
  /** On a phone the card lies over everything: nothing behind it can be reached. */
  function cover() {
    for (const part of root.children) part.inert = part !== parts.card && state.card !== null && narrow.matches;
  }

  /** What class, stage, risk and forecast of a customer rest on; each where the data have it. */
  function why(row) {
    const of = key => column(key)?.values[row] ?? NaN, out = [], cuts = customers.cuts;
    const limit = customers.limits.filter(b => b.from_order_days <= of("order_days")).pop();
    if (of("recency_days") >= 0 && limit) {
      out.push(t("why_stage", {days: whole(of("recency_days")), band: limit.band, risk: whole(limit.at_risk_days),
        lost: whole(limit.lost_days)}));
      const stage = column("stage"), past = {active: limit.at_risk_days, at_risk: limit.lost_days};
      if (stage && of("recency_days") > past[stage.values[stage.codes[row]]]) out.push(t("why_believed"));
    }
    if (of("frequency") > 0 && cuts) {
      const side = (key, cut) => t(of(key) > cut ? "above" : "not_above", {cut: show(column(key), cut)});
      out.push(t("why_class", {money: money(of("monetary_net")), money_side: side("monetary_net", cuts.m),
        orders: whole(of("frequency")), orders_side: side("frequency", cuts.f), days: whole(of("recency_days")),
        days_side: t(of("recency_days") < cuts.r ? "below" : "not_below", {cut: show(column("recency_days"), cuts.r)})}));
    }
    if (of("churn_risk") >= 0 && customers.warning_days) {
      out.push(t("why_risk", {days: whole(customers.warning_days), risk: percent(of("churn_risk"))}));
    }
    if (of("expected_value") >= 0) out.push(t("why_expected", {weeks: customers.weeks, money: money(of("expected_value"))}));
    if (of("survey_score") >= 0) out.push(t("why_score", {score: whole(of("survey_score"))}));
    return out.length ? out : [t("why_nothing")];
  }

  const LANES = [["order"], ["visit"], ["campaign", "control"], ["ticket"], ["answer"]];

  function drawTimeline(events, row) {
    const width = 460, left = 64, right = 8, first = events[0].day;
    const last = customers.as_of ? Date.parse(`${customers.as_of}T00:00Z`) / 864e5 : events.at(-1).day;
    const x = day => left + (width - left - right) * (day - first) / Math.max(1, last - first);
    const lanes = LANES.filter(kinds => events.some(e => kinds.includes(e.kind)));
    const height = 26 * lanes.length + 20, shapes = [];
    const recency = column("recency_days")?.values[row];
    const limit = customers.limits.filter(b => b.from_order_days <= column("order_days")?.values[row]).pop();
    if (limit && recency > limit.at_risk_days) { // silence beyond what is usual
      const from = x(last - recency + limit.at_risk_days);
      shapes.push(h("svg:rect", {class: "silence", x: from, y: 0, width: Math.max(0, x(last) - from), height: height - 18}));
    }
    lanes.forEach((kinds, i) => {
      const base = 26 * i + 22, own = events.filter(e => kinds.includes(e.kind)), top = Math.max(1, ...own.map(e => e.value || 0));
      shapes.push(h("svg:text", {x: 0, y: base - 2}, t(`lane_${kinds[0]}`)), h("svg:line", {x1: left, x2: width - right, y1: base, y2: base}));
      for (const e of own) shapes.push(mark(e, x(e.day), base, top));
    });
    for (const [day, anchor] of [[first, "start"], [last, "end"]]) {
      shapes.push(h("svg:text", {x: anchor === "start" ? left : width - right, y: height - 3, "text-anchor": anchor}, inWords(day, state.lang)));
    }
    const sum = LANES.flat().map(kind => [kind, events.filter(e => e.kind === kind).length]).filter(([, n]) => n)
      .map(([kind, n]) => t("is", {column: t(`kind_${kind}`), value: whole(n)})).join(t("comma"));
    return h("svg:svg", {class: "timeline", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": sum}, shapes);
  }

  function mark(e, x, base, top) {
    const tall = Math.max(2, 18 * Math.max(0, e.value || 0) / top);
    if (e.kind === "order") return h("svg:rect", {class: "order", x: x - 1.5, width: 3, y: base - tall, height: tall});
    if (e.kind === "visit") return h("svg:rect", {class: "visit", x: x - 0.7, width: 1.4, y: base - 9, height: 9});
    if (e.kind === "ticket") return h("svg:path", {class: "ticket", d: `M${x - 5},${base}h10l-5,-10z`});
    if (e.kind === "answer") {
      return h("svg:g", {}, h("svg:circle", {class: e.value >= 9 ? "good" : e.value <= 6 ? "bad" : "fair", cx: x, cy: base - 9, r: 8}),
        h("svg:text", {class: "score", x, y: base - 5.5, "text-anchor": "middle"}, String(e.value)));
    }
    return h("svg:rect", {class: e.kind, x: x - 3.5, width: 7, y: base - 8, height: 7});
  }

  function latest(events) {
    const value = e => (e.kind === "order" ? money(e.value) : e.value === e.value ? whole(e.value) : "");
    return h("table", {class: "events"}, h("tbody", {}, events.slice(-30).reverse().map(e => h("tr", {},
      h("th", {scope: "row"}, inWords(e.day, state.lang)), h("td", {}, [t(`kind_${e.kind}`), e.what].filter(Boolean).join(t("colon"))),
      h("td", {class: "figure"}, value(e))))));
  }

  // --- what the buttons do

  function open(tab) { state.tab = tab; drawTiles(); drawPanel(); write(); }
  function pin() { state.versus = state.versus === null ? filtersAsText(customers, customers.filters) : null; refresh(); }
  function toggleFilters(on) {
    root.classList.toggle("filtering", on);
    parts.toggle.setAttribute("aria-expanded", on);
    (on ? parts.filters.querySelector("input, summary") : parts.toggle).focus();
  }
  function searched() {
    const text = parts.search.value.trim();
    customers.filter("q", text || undefined);
    if (text) state.tab = "list";
    refresh();
  }
  let waiting;
  function later(act) { clearTimeout(waiting); waiting = setTimeout(act, 120); }
  async function copy(e) {
    const button = e.currentTarget;
    try { await navigator.clipboard.writeText(location.href); } catch { window.prompt(t("copy"), location.href); return; }
    button.textContent = t("copied");
  }

  /** The audience as CSV, in the list's order, under the names that the portraits' columns have. */
  function csv() {
    const keys = [...LISTED, "action"].filter(column), by = state.sort.replace(/^-/, "");
    const value = (c, row) => (c.codes ? (c.codes[row] === customers.unknown ? "" : cell(c.values[c.codes[row]]))
      : c.values[row] === c.values[row] ? String(c.values[row]) : "");
    const arm = row => (column("action") ? [customers.arms[customers.arm[row]]] : []);
    const rows = Array.from(customers.sorted(counted, by, state.sort.startsWith("-")),
      row => [cell(customers.ids[row]), ...keys.map(key => value(column(key), row)), ...arm(row)].join(","));
    return `\ufeff${[["customer_id", ...keys, ...(column("action") ? ["arm"] : [])].join(","), ...rows].join("\n")}\n`;
  }
  function save() {
    const address = URL.createObjectURL(new Blob([csv()], {type: "text/csv"}));
    h("a", {href: address, download: `audience-${customers.as_of ?? "undated"}-${counted.length}.csv`}).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  document.addEventListener("keydown", e => {
    if (e.key === "Escape" && state.card !== null) closeCard();
    else if (e.key === "Escape" && root.classList.contains("filtering")) toggleFilters(false);
    else if (e.key === "/" && !shared && !/^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)) {
      e.preventDefault();
      parts.search.focus();
    }
  });
  function draw() { build(); refresh(); drawCard(); }
  narrow.addEventListener("change", cover);
  window.addEventListener("hashchange", () => { read(); draw(); });
  state.lang = document.documentElement.lang === "zh" ? "zh" : "en";
  read();
  draw();
}

const root = document.getElementById("explorer");
try {
  const customers = new Customers(await unpacked(document.getElementById("data").textContent));
  explore(root, customers);
  root.dataset.first = performance.now().toFixed(0);
  window.explorer = {customers, statistics, filtersFromText};
} catch (error) {
  root.append(h("p", {role: "alert"}, String(error)));
  throw error;
}

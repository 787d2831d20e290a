// The customers as typed arrays, and audiences of them. A filter is one byte a customer, a count one pass.
const BLANK = -(2 ** 31);
const ARRAYS = {u1: Uint8Array, u2: Uint16Array, i4: Int32Array, f8: Float64Array};

function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text); // browsers of 2025 on, many times as fast
  const signs = atob(text), bytes = new Uint8Array(signs.length);
  for (let i = 0; i < signs.length; i++) bytes[i] = signs.charCodeAt(i);
  return bytes;
}

async function unpacked(text) {
  return new Response(new Blob([bytesOf(text.trim())]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

class Customers {
  constructor(buffer) {
    const length = new DataView(buffer).getUint32(0, true), start = 4 + length;
    Object.assign(this, JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))));
    this.read = name => {
      const [at, n, type] = this.buffers[name];
      return new ARRAYS[type](buffer, start + at, n);
    };
    this.n = this.customers;
    this.columns = new Map();
    for (const c of this.categories) this.columns.set(c.key, Object.assign(c, {codes: this.read(`category:${c.key}`)}));
    for (const c of this.numbers) this.columns.set(c.key, this.later(c, "values", () => this.measured(`number:${c.key}`)));
    this.answers = ["promoters", "passives", "detractors"].map(kind => this.read(`answers:${kind}`));
    if (this.arms?.length) this.arm = this.read("arm"); // of those who are in an action, who is left out of it
    this.everybody = new Uint32Array(this.n).map((_, i) => i);
    this.failed = new Uint8Array(this.n); // how many filters a customer does not meet
    this.masks = new Map();
    this.filters = new Map();
    for (const c of this.categories) c.everywhere = this.count(this.everybody, c);
    this.all = this.sums(this.everybody);
  }

  /** The column with a part that is made when it is first asked for: most are shown on cards alone. */
  later(column, part, make) {
    const set = value => Object.defineProperty(column, part, {value, configurable: true});
    return Object.defineProperty(column, part, {get: () => set(make())[part], configurable: true});
  }

  /** A column of numbers, blanks as NaN. */
  measured(name) {
    const raw = this.read(name), scale = 10 ** this.buffers[name][3];
    if (raw instanceof Float64Array) return raw;
    const values = new Float64Array(raw.length);
    for (let i = 0; i < raw.length; i++) values[i] = raw[i] === BLANK ? NaN : raw[i] / scale;
    return values;
  }

  /** For each customer 1 where the filter is not met. A filter is a set of codes, [low, high], or a part of the id. */
  mask(key, wanted) {
    const out = new Uint8Array(this.n);
    if (key === "q") {
      const part = wanted.toLowerCase();
      for (let i = 0; i < this.n; i++) out[i] = this.ids[i].toLowerCase().includes(part) ? 0 : 1;
    } else if (wanted instanceof Set) {
      const codes = this.columns.get(key).codes, fits = new Uint8Array(256).fill(1);
      for (const code of wanted) fits[code] = 0;
      for (let i = 0; i < this.n; i++) out[i] = fits[codes[i]];
    } else {
      const values = this.columns.get(key).values, [low, high] = wanted;
      for (let i = 0; i < this.n; i++) out[i] = values[i] >= low && values[i] <= high ? 0 : 1;
    }
    return out;
  }

  /** Put a filter, or take it away where nothing is wanted. */
  filter(key, wanted) {
    const old = this.masks.get(key);
    if (old) for (let i = 0; i < this.n; i++) this.failed[i] -= old[i];
    this.masks.delete(key);
    this.filters.delete(key);
    if (wanted === undefined) return;
    const mask = this.mask(key, wanted);
    for (let i = 0; i < this.n; i++) this.failed[i] += mask[i];
    this.masks.set(key, mask);
    this.filters.set(key, wanted);
  }

  filterAll(filters) {
    for (const key of [...this.filters.keys()]) this.filter(key);
    for (const [key, wanted] of filters) this.filter(key, wanted);
  }

  /** Row numbers of those who meet every filter. */
  audience() {
    return this.everybody.filter(i => !this.failed[i]);
  }

  /** Row numbers of those who meet other filters than those put. */
  chosen(filters) {
    const masks = [...filters].map(([key, wanted]) => this.mask(key, wanted));
    return this.everybody.filter(i => masks.every(m => !m[i]));
  }

  /** Customers of each code. */
  count(rows, category) {
    const counts = new Uint32Array(256), codes = category.codes;
    for (let j = 0; j < rows.length; j++) counts[codes[rows[j]]]++;
    return counts;
  }

  /** Of each code, those who meet every other filter: what one more click gives. */
  countWithout(category) {
    const own = this.masks.get(category.key);
    if (!own) return this.count(this.rows, category);
    const counts = new Uint32Array(256), codes = category.codes;
    for (let i = 0; i < this.n; i++) if (this.failed[i] === own[i]) counts[codes[i]]++;
    return counts;
  }

  column(key, rows) {
    const values = this.columns.get(key)?.values;
    return values ? Float64Array.from(rows, i => values[i]) : new Float64Array(0);
  }

  /** What is said of an audience at a glance. */
  sums(rows) {
    const money = this.columns.get("monetary_net")?.values, expected = this.columns.get("expected_value")?.values;
    const stage = this.columns.get("stage"), risk = stage ? stage.values.indexOf("at_risk") : -1;
    const bought = this.columns.get("frequency")?.values;
    const s = {n: rows.length, buyers: 0, money: 0, squares: 0, expected: 0, staged: 0, atRisk: 0, said: [0, 0, 0]};
    for (let j = 0; j < rows.length; j++) {
      const i = rows[j];
      if (money && money[i] === money[i]) { s.money += money[i]; s.squares += money[i] ** 2; }
      if (expected && expected[i] === expected[i]) s.expected += expected[i];
      if (bought && bought[i] === bought[i]) s.buyers++;
      if (stage && stage.codes[i] !== this.unknown) { s.staged++; if (stage.codes[i] === risk) s.atRisk++; }
      for (let k = 0; k < 3; k++) s.said[k] += this.answers[k][i];
    }
    return s;
  }

  /**
   * How an audience differs from another, value by value; `other` null: from everybody.
   * Columns that the filters themselves use, or that are made of them, are left out.
   */
  compare(rows, other, used) {
    const found = [], inside = new Uint8Array(this.n);
    const explained = c => used.has(c.key) || c.made_of.some(m => used.has(m));
    if (other) for (const i of other) inside[i] = 1;
    const both = other ? rows.filter(i => inside[i]) : rows;
    for (const c of this.categories) {
      if (explained(c)) continue;
      const own = this.count(rows, c), base = other ? this.count(other, c) : c.everywhere, shared = this.count(both, c);
      const [n, baseN, bothN] = [own, base, shared].map(k => c.values.reduce((sum, _, code) => sum + k[code], 0));
      if (!n || !baseN) continue;
      c.values.forEach((value, code) => {
        if (value === "no") return; // that a tag is lacking is no finding
        const k = own[code], baseK = base[code];
        if (!k && !baseK) return;
        const p = statistics.difference(k, n, baseK, baseN, shared[code], bothN);
        found.push({column: c, code, k, n, baseK, baseN, p, tgi: statistics.tgi(k, n, baseK, baseN), q: null});
      });
    }
    const tested = found.filter(f => f.p !== null), q = statistics.qValues(tested.map(f => f.p));
    tested.forEach((f, i) => { f.q = q[i]; });
    return found;
  }

  /** Row numbers in the order of a column: blanks last, equals as the ids. */
  sorted(rows, key, down) {
    const order = Uint32Array.from(rows), sign = down ? -1 : 1;
    if (key === "id") return down ? order.reverse() : order;
    const c = this.columns.get(key), v = c.values instanceof Float64Array ? c.values : c.codes;
    const blank = c.codes ? x => x === this.unknown : x => x !== x;
    return order.sort((a, b) => {
      const x = v[a], y = v[b], nox = blank(x), noy = blank(y);
      if (nox || noy) return nox - noy || a - b;
      return sign * (x - y) || a - b;
    });
  }

  /** The events of a customer: [{day since 1970, kind, value, what}], oldest first. */
  events(row) {
    this.event ??= {
      begin: this.read("events:begin"), day: this.read("events:day"), kind: this.read("events:kind"),
      what: this.read("events:what"), value: this.measured("events:value"),
    };
    const e = this.event, out = [];
    for (let j = e.begin[row]; j < e.begin[row + 1]; j++) {
      out.push({
        day: e.day[j] + this.first_day, kind: this.kinds[e.kind[j]], value: e.value[j], what: this.whats[e.what[j]],
      });
    }
    return out;
  }
}

// Filters as text, for links: stage=at_risk,lost&monetary_net=100..500. A blank is ?, the rare values together are *.
const written = s => encodeURIComponent(s).replace(/\*/g, "%2A");

function filtersAsText(customers, filters) {
  return [...filters].map(([key, wanted]) => {
    if (key === "q") return `q=${written(wanted)}`;
    if (wanted instanceof Set) {
      const values = customers.columns.get(key).values;
      const one = code => (code === customers.unknown ? "?" : values[code] === "*" ? "*" : written(values[code]));
      return `${key}=${[...wanted].sort((a, b) => a - b).map(one).join(",")}`;
    }
    return `${key}=${wanted.map(v => (Number.isFinite(v) ? v : "")).join("..")}`;
  }).join("&");
}

/** Filters from text; what this page cannot filter by is added to `strange`. A value that nobody has fits nobody. */
function filtersFromText(customers, text, strange = []) {
  const filters = new Map();
  for (const part of text.split("&").filter(Boolean)) {
    const at = part.indexOf("="), key = part.slice(0, at), value = part.slice(at + 1);
    const column = customers.columns.get(key);
    if (key === "q" && customers.ids && value) filters.set("q", plain(value));
    else if (column?.codes) {
      filters.set(key, new Set(value.split(",").map(v => codeOf(customers, column, v))));
    } else if (column?.range && value.includes("..")) {
      const [low, high] = value.split("..");
      const range = [low === "" ? -Infinity : Number(low), high === "" ? Infinity : Number(high)];
      if (range.every(v => v === v)) filters.set(key, range);
      else strange.push(part);
    } else if (!["lang", "tab", "sort", "card", "versus"].includes(key)) strange.push(part);
  }
  return filters;
}

function codeOf(customers, column, written_) {
  if (written_ === "?") return customers.unknown;
  const value = written_ === "*" ? "*" : plain(written_), code = column.values.indexOf(value);
  if (code >= 0) return code;
  column.names.push({en: value, zh: value});
  return column.values.push(value) - 1;
}

/** A part of a link as it was; one that nobody wrote so stays as it is. */
function plain(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

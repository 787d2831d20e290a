// Figures as people write them, in either language.
const SIGNS = {CNY: ["¥", "元"], GBP: ["£", "英镑"], USD: ["$", "美元"], EUR: ["€", "欧元"], JPY: ["JP¥", "日元"]};
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
// By hand: toLocaleString takes a tenth of a millisecond a figure, and a page has hundreds.
const grouped = v => String(Math.round(v)).replace(/\B(?=(\d{3})+$)/g, ",");
const whole = v => minus(grouped(v));
const minus = text => text.replace("-", "−");
const percent = (v, digits = 0) => `${(100 * v).toFixed(digits)}%`;
const signed = v => (v > 0 ? "+" : v < 0 ? "−" : "") + Math.abs(v).toFixed(1);

// From where on, in what, called what, with how many decimals: a figure goes up where it would be rounded to 1,000.
const STEPS = {
  en: [[999995000, 1e9, "bn", 2], [999500, 1e6, "m", 2], [9999.5, 1e3, "k", 0]],
  zh: [[99999500, 1e8, " 亿", 2], [9999.5, 1e4, " 万", 1]],
};

/** Large figures short: 3.06m, 316k; 305.7 万. */
function short(v, lang) {
  const a = Math.abs(v), sign = v < 0 ? "−" : "", step = STEPS[lang].find(([from]) => a >= from);
  if (step) return sign + (a / step[1]).toFixed(step[3]) + step[2];
  return sign + (a >= 100 || Number.isInteger(a) ? grouped(a) : a.toFixed(2));
}

function inMoney(v, currency, lang, figure = short) {
  const text = figure(v, lang), [before, after] = SIGNS[currency] ?? [currency ? `${currency} ` : "", currency ?? ""];
  if (lang === "en") return text.startsWith("−") ? `−${before}${text.slice(1)}` : before + text;
  return /[万亿]$/.test(text) && SIGNS[currency] ? text + after : `${text} ${after}`.trim();
}

/** A day, counted from 1970-01-01. */
function inWords(day, lang) {
  const d = new Date(864e5 * day), [y, m, n] = [d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()];
  return lang === "zh" ? `${y} 年 ${m + 1} 月 ${n} 日` : `${n} ${MONTHS[m]} ${y}`;
}

/** A value of a column by its unit. */
function shown(column, v, currency, lang) {
  if (v !== v) return "–";
  if (column.unit === "money") return inMoney(v, currency, lang);
  if (column.unit === "share") return percent(v);
  if (column.unit === "date") return inWords(v, lang);
  if (column.unit === "log") return minus(v.toFixed(2));
  return Number.isInteger(v) ? whole(v) : minus(v.toFixed(1));
}

/** A cell of a CSV file that no spreadsheet takes for a formula. */
function cell(text) {
  const safe = /^[=+\-@＝＋－＠\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

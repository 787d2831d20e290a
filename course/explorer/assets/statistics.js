// How far a figure is to be believed: the formulas of course.intervals, course.tag, course.nps and course.portrait,
// to the same digits. Nothing here knows of the page.
const Z = 1.959963984540054;
const PLAIN_Z = 1.96; // as the lessons and the report write it, for shares of money

const statistics = {
  /** Complementary error function, to 13 digits: a series of positive terms, beyond 2 a continued fraction. */
  erfc(x) {
    if (x < 0) return 2 - statistics.erfc(-x);
    const bell = Math.exp(-x * x) / Math.sqrt(Math.PI);
    if (x < 2) {
      let term = x, sum = x;
      for (let n = 1; term > sum * 1e-17; n++) sum += term *= 2 * x * x / (2 * n + 1);
      return 1 - 2 * bell * sum;
    }
    let fraction = 0;
    for (let n = 80; n > 0; n--) fraction = n / 2 / (x + fraction);
    return bell / (x + fraction);
  },

  /** Interval of the share k / n (Wilson 1927): [low, high]; NaN for 0 of 0. */
  wilson(k, n) {
    if (!n) return [NaN, NaN];
    const z2 = Z * Z, centre = (k + z2 / 2) / (n + z2);
    const half = Z * Math.sqrt(k * (n - k) / n + z2 / 4) / (n + z2);
    return [k === 0 ? 0 : centre - half, k === n ? 1 : centre + half];
  },

  /** Share of a sum with its interval (Cochran 1977, ch. 6) from sums and sums of squares of the chosen and of all. */
  shareOfSum(sum, squares, allSum, allSquares) {
    if (!(allSum > 0)) return [0, 0, 0];
    const share = sum / allSum;
    const error = Math.sqrt((1 - share) ** 2 * squares + share ** 2 * Math.max(0, allSquares - squares)) / allSum;
    return [share, Math.max(0, share - PLAIN_Z * error), Math.min(1, share + PLAIN_Z * error)];
  },

  /** Target group index: k of n against baseK of baseN, with its interval by the log ratio (Katz 1978). */
  tgi(k, n, baseK, baseN) {
    if (!n || !baseK) return [NaN, NaN, NaN];
    const base = baseK / baseN;
    if (!k) return [0, 0, 100 * (1 - 0.025 ** (1 / n)) / base];
    const ratio = 100 * k / n / base, error = Math.sqrt(1 / k - 1 / n + 1 / baseK - 1 / baseN);
    return [ratio, ratio * Math.exp(-Z * error), ratio * Math.exp(Z * error)];
  },

  /** NPS with its interval (Rocks 2016): three answers are added before the interval is taken. */
  nps(promoters, passives, detractors) {
    const n = promoters + passives + detractors, value = 100 * promoters / n - 100 * detractors / n;
    const p = (promoters + 0.75) / (n + 3), d = (detractors + 0.75) / (n + 3);
    const reach = Z * Math.sqrt((p + d - (p - d) ** 2) / (n + 3));
    return [
      value,
      Math.min(Math.max(-100, 100 * (p - d - reach)), value),
      Math.max(Math.min(100, 100 * (p - d + reach)), value),
    ];
  },

  /**
   * Whether k of n differs from otherK of otherN, where bothK of bothN are in both: two-sided p of the pooled test of
   * two shares; null where fewer than five of a kind are expected. With the other group being everybody, it is the test
   * against everybody else.
   */
  difference(k, n, otherK, otherN, bothK, bothN) {
    const own = n - bothN, others = otherN - bothN;
    if ((!own && !others) || !n || !otherN) return null;
    const pooled = (k + otherK - bothK) / (n + otherN - bothN);
    const smaller = Math.min(own || n, others || otherN);
    if (smaller * Math.min(pooled, 1 - pooled) < 5) return null;
    const gap = k / n - otherK / otherN;
    const error = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / otherN - 2 * bothN / n / otherN));
    return statistics.erfc(Math.abs(gap / error) / Math.SQRT2);
  },

  /** p-values adjusted for the false discovery rate (Benjamini and Hochberg 1995), in the order given. */
  qValues(p) {
    const order = p.map((_, i) => i).sort((a, b) => p[b] - p[a]), q = new Array(p.length);
    let least = 1;
    order.forEach((i, rank) => { q[i] = least = Math.min(least, p[i] * p.length / (p.length - rank)); });
    return q;
  },

  median(values) {
    const known = values.filter(v => v === v).sort();
    const n = known.length, half = n >> 1;
    return n ? (n % 2 ? known[half] : (known[half - 1] + known[half]) / 2) : NaN;
  },
};

"""What goes wrong in real exports, put in on purpose, each cell with its true value in a ledger."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from course.company.exports import FILES
from course.company.people import lexicon
from course.company.plan import stream

Tables = dict[str, pd.DataFrame]
#: How the ledger names a record of each table.
KEYS = {
    "crm_members": ["客户编号"],
    "app_users": ["user_id"],
    "till_members": ["member_no"],
    "app_orders": ["orderId"],
    "app_order_lines": ["order_id", "sku"],
    "survey_2024_05": ["答卷编号"],
    "survey_2024_11": ["答卷编号"],
    "clicks": ["visitor_id", "at"],
    "consents": ["log_id"],
}
LEDGER = ["source", "key", "column", "kind", "true", "given"]


class _Ledger:
    """Collects what is changed; `kind` is the defect being put in. A cell is spoilt at most once."""

    def __init__(self) -> None:
        self.kind = ""
        self.rows: list[tuple[str, str, str, str, str, str]] = []
        self._spoilt: dict[tuple[str, str], set[str]] = {}

    def note(self, table: str, keys, column: str, true, given) -> None:
        """Enter cells of the records `keys`: what is true and what is given, a value each or one for all."""
        true, given = (np.broadcast_to(np.asarray(v, dtype=object), len(keys)) for v in (true, given))
        for key, was, is_ in zip(keys, true, given, strict=True):
            self.rows.append((FILES[table], key, column, self.kind, _text(was), _text(is_)))
        self._spoilt.setdefault((table, column), set()).update(keys)

    def frame(self) -> pd.DataFrame:
        """The ledger as `inject` gives it."""
        return pd.DataFrame(self.rows, columns=LEDGER, dtype="str")

    def put(self, tables: Tables, table: str, rows: np.ndarray, column: str, given) -> None:
        """Write `given` into a column's `rows`, and note it."""
        frame = tables[table]
        true = frame[column].to_numpy()[rows].copy()
        frame.iloc[rows, frame.columns.get_loc(column)] = given
        self.note(table, _keys(frame.iloc[rows], table), column, true, given)

    def some(
        self, rng, tables: Tables, table: str, column: str, share: float, may: np.ndarray | bool = True
    ) -> np.ndarray:
        """Sorted positions of a share of the rows (at least one) whose `column` is as it was, of those that `may`."""
        frame = tables[table]
        free = ~_keys(frame, table).isin(self._spoilt.get((table, column), set())).to_numpy() & may
        pool = np.flatnonzero(free)
        return np.sort(rng.choice(pool, min(len(pool), max(1, round(share * len(frame)))), replace=False))


def _keys(frame: pd.DataFrame, table: str) -> pd.Series:
    first, *more = KEYS[table]
    return frame[first].str.cat([frame[c] for c in more], sep="/") if more else frame[first]


def _text(value: object) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value)


# --- customers -------------------------------------------------------------------------------------------------------


def _duplicate_customer(tables: Tables, rng, ledger: _Ledger) -> None:
    """Entered once more: a new number, a later date, often without e-mail, the name sometimes with a slip."""
    frame = tables["crm_members"]
    rows = ledger.some(rng, tables, "crm_members", "客户编号", 0.03)
    last = int(frame["客户编号"].str[1:].astype("int64").max())
    copy = frame.iloc[rows].copy()
    copy["客户编号"] = [f"C{last + i:06d}" for i in range(1, len(rows) + 1)]
    copy["电子邮箱"] = np.where(rng.random(len(rows)) < 0.5, "", copy["电子邮箱"])
    copy["推荐人"] = ""
    slip = rng.random(len(rows)) < 0.3
    copy.loc[slip, "姓名"] = _misspelt(copy.loc[slip, "姓名"], rng)
    for column in ("客户编号", "姓名", "电子邮箱", "推荐人"):
        changed = (copy[column] != frame[column].iloc[rows]).to_numpy()
        true, given = frame[column].to_numpy()[rows][changed], copy.loc[changed, column]
        ledger.note("crm_members", copy.loc[changed, "客户编号"], column, true, given)
    tables["crm_members"] = pd.concat([frame, copy], ignore_index=True)


def _name_typo(tables: Tables, rng, ledger: _Ledger) -> None:
    """One character of the name is another that sounds or looks alike."""
    for table, column, share in (
        ("crm_members", "姓名", 0.02),
        ("app_users", "name", 0.015),
        ("till_members", "name", 0.02),
    ):
        rows = ledger.some(rng, tables, table, column, share)
        ledger.put(tables, table, rows, column, _misspelt(tables[table][column].iloc[rows], rng))


def _misspelt(names: pd.Series, rng) -> np.ndarray:
    """The last character replaced by one with the same sound where the lexicon has one, else by any other."""
    sounds: dict[str, list[str]] = {}
    sound_of = {c: s for characters in lexicon()["given"].values() for c, s in characters.items()}
    for character, sound in sound_of.items():
        sounds.setdefault(sound, []).append(character)
    out = []
    for name in names:
        same = [c for c in sounds.get(sound_of.get(name[-1], ""), []) if c != name[-1]]
        others = same or [c for c in sound_of if c != name[-1]]
        out.append(name[:-1] + others[rng.integers(len(others))])
    return np.array(out, dtype=object)


def _phone_typo(tables: Tables, rng, ledger: _Ledger) -> None:
    """Two neighbouring digits change places, or one is another."""
    for table, column, share in (
        ("crm_members", "手机号", 0.015),
        ("app_users", "phone", 0.01),
        ("till_members", "phone", 0.02),
    ):
        rows = ledger.some(rng, tables, table, column, share)
        ledger.put(tables, table, rows, column, [_mistyped(p, rng) for p in tables[table][column].iloc[rows]])


def _mistyped(phone: str, rng) -> str:
    digits = list(phone.replace(" ", ""))
    at = int(rng.integers(4, 10))
    if digits[at] != digits[at - 1] and rng.random() < 0.5:
        digits[at - 1], digits[at] = digits[at], digits[at - 1]
    else:
        digits[at] = str((int(digits[at]) + int(rng.integers(1, 10))) % 10)
    return "".join(digits)


def _placeholder_phone(tables: Tables, rng, ledger: _Ledger) -> None:
    """What clerks type when there is no number, and numbers that were masked on the way."""
    frame = tables["crm_members"]
    rows = ledger.some(rng, tables, "crm_members", "手机号", 0.025)
    typed = rng.choice(["13800138000", "00000000000", "unknown", "masked"], len(rows))
    own = [p.replace(" ", "") for p in frame["手机号"].iloc[rows]]
    given = [f"{p[:3]}****{p[7:]}" if t == "masked" else t for p, t in zip(own, typed, strict=True)]
    ledger.put(tables, "crm_members", rows, "手机号", given)


def _day_month_swap(tables: Tables, rng, ledger: _Ledger) -> None:
    """Day and month of the birthday change places: nothing looks wrong."""
    birthday = tables["app_users"]["birthday"]
    day, month = birthday.str[8:].astype("int64"), birthday.str[5:7].astype("int64")
    rows = ledger.some(rng, tables, "app_users", "birthday", 0.02, ((day <= 12) & (day != month)).to_numpy())
    ledger.put(tables, "app_users", rows, "birthday", [f"{b[:4]}-{b[8:]}-{b[5:7]}" for b in birthday.iloc[rows]])


def _wrong_birth_year(tables: Tables, rng, ledger: _Ledger) -> None:
    """Some make themselves younger where nobody asks for a document."""
    birthday = tables["app_users"]["birthday"]
    rows = ledger.some(rng, tables, "app_users", "birthday", 0.06, (birthday < "1990").to_numpy())
    given = [f"{int(b[:4]) + int(rng.integers(5, 16))}{b[4:]}".replace("-02-29", "-02-28") for b in birthday.iloc[rows]]
    ledger.put(tables, "app_users", rows, "birthday", given)


def _name_phone_swap(tables: Tables, rng, ledger: _Ledger) -> None:
    """Typed into the wrong field."""
    frame = tables["till_members"]
    sound = ~frame["phone"].isin([row[-1] for row in ledger.rows]).to_numpy()
    rows = ledger.some(rng, tables, "till_members", "name", 0.008, sound)
    name, phone = frame["name"].to_numpy()[rows].copy(), frame["phone"].to_numpy()[rows].copy()
    ledger.put(tables, "till_members", rows, "name", phone)
    ledger.put(tables, "till_members", rows, "phone", name)


def _gap(tables: Tables, rng, ledger: _Ledger) -> None:
    """Left blank; the date of birth more often by the older, so that dropping blanks drops one kind of customer."""
    frame = tables["crm_members"]
    old = (frame["出生日期"].str[:4] < "1975").to_numpy()
    missing = rng.random(len(frame)) < np.where(old, 0.4, 0.06)
    ledger.put(tables, "crm_members", np.flatnonzero(missing), "出生日期", "")
    for column, share in (("电子邮箱", 0.08), ("地址", 0.04)):
        rows = ledger.some(rng, tables, "crm_members", column, share, (frame[column] != "").to_numpy())
        ledger.put(tables, "crm_members", rows, column, "")


# --- orders ----------------------------------------------------------------------------------------------------------


def _outlier(tables: Tables, rng, ledger: _Ledger) -> None:
    """Yuan written as fen: a hundred times too much."""
    frame = tables["app_orders"]
    rows = ledger.some(rng, tables, "app_orders", "totalAmount", 0.0006, (frame["status"] == "completed").to_numpy())
    ledger.put(tables, "app_orders", rows, "totalAmount", (frame["totalAmount"].to_numpy()[rows] * 100).round(2))


def _zero_price(tables: Tables, rng, ledger: _Ledger) -> None:
    """A price of zero, or below it."""
    frame = tables["app_order_lines"]
    rows = ledger.some(rng, tables, "app_order_lines", "unit_price", 0.0008)
    price = frame["unit_price"].to_numpy()[rows]
    ledger.put(tables, "app_order_lines", rows, "unit_price", np.where(rng.random(len(rows)) < 0.7, 0.0, -price))


def _impossible_date(tables: Tables, rng, ledger: _Ledger) -> None:
    """A year that cannot be."""
    _spoil_years(tables, rng, ledger, "completed")


def _impossible_refund_date(tables: Tables, rng, ledger: _Ledger) -> None:
    """The same of orders that were refunded: two things are the matter with one row."""
    _spoil_years(tables, rng, ledger, "refunded")


def _spoil_years(tables: Tables, rng, ledger: _Ledger, status: str) -> None:
    frame = tables["app_orders"]
    rows = ledger.some(rng, tables, "app_orders", "createdAt", 0.0006, (frame["status"] == status).to_numpy())
    created = frame["createdAt"].iloc[rows]
    given = [y + c[4:] for y, c in zip(rng.choice(["2204", "1900", "2124"], len(rows)), created, strict=True)]
    ledger.put(tables, "app_orders", rows, "createdAt", given)


def _state_before(tables: Tables, rng, ledger: _Ledger) -> None:
    """A refunded order is exported twice: as it is now, and behind that as it was before, completed."""
    frame = tables["app_orders"]
    sound = (frame["status"] == "refunded") & frame["createdAt"].between("2023", "2024-12-21")
    rows = ledger.some(rng, tables, "app_orders", "orderId", 0.0008, sound.to_numpy())
    before = frame.iloc[rows].copy()
    arrived = pd.to_datetime(before["createdAt"].str[:19]) + pd.Timedelta(days=3)
    before["status"], before["updatedAt"] = "completed", arrived.dt.strftime("%Y-%m-%dT%H:%M:%S+08:00")
    ledger.note("app_orders", before["orderId"], "orderId", "", before["orderId"])
    both = pd.concat([frame, before])
    tables["app_orders"] = both.sort_index(kind="stable").reset_index(drop=True)


def _repeated_order(tables: Tables, rng, ledger: _Ledger) -> None:
    """The same order once more, to the letter."""
    frame = tables["app_orders"]
    rows = ledger.some(rng, tables, "app_orders", "orderId", 0.004, (frame["status"] == "completed").to_numpy())
    own = frame["orderId"].to_numpy()[rows]
    ledger.note("app_orders", own, "orderId", "", own)
    again = np.sort(np.concatenate([np.arange(len(frame)), rows]))
    tables["app_orders"] = frame.iloc[again].reset_index(drop=True)


# --- clicks ----------------------------------------------------------------------------------------------------------


def _late_event(tables: Tables, rng, ledger: _Ledger) -> None:
    """Sent by a phone that had no network: received hours or days later, and so far down the log."""
    frame = tables["clicks"]
    rows = ledger.some(rng, tables, "clicks", "received_at", 0.01)
    received = pd.to_datetime(frame["received_at"].iloc[rows], utc=True)
    late = received + pd.to_timedelta(rng.exponential(9, len(rows)).clip(0.5, 96) * 3600 // 1, unit="s")
    ledger.put(tables, "clicks", rows, "received_at", late.dt.strftime("%Y-%m-%dT%H:%M:%SZ").to_numpy())
    tables["clicks"] = frame.sort_values(["received_at", "at", "visitor_id", "event", "category"], ignore_index=True)


def _bot_visits(tables: Tables, rng, ledger: _Ledger) -> None:
    """Machines that look at everything, a page every second or two, and never buy."""
    frame = tables["clicks"]
    start = pd.to_datetime(frame["at"], utc=True)
    parts = []
    for _ in range(6):
        size = int(rng.integers(150, 500))
        first = start.iloc[int(rng.integers(len(frame)))]
        dwell = rng.integers(1, 3, size)
        at = (first + pd.to_timedelta(np.cumsum(dwell) - dwell, unit="s")).strftime("%Y-%m-%dT%H:%M:%SZ")
        category = rng.choice(["tea", "snacks", "mother_baby", "home", "beauty", "electronics"], size)
        name = f"b{rng.integers(16**10, 16**11):011x}"
        bot = {"at": at, "received_at": at, "visitor_id": name, "user_id": None, "event": "view", "category": category}
        parts.append(pd.DataFrame(bot | {"dwell": pd.array(dwell, dtype="Int64")}))
        ledger.note("clicks", [f"{name}/{moment}" for moment in at], "visitor_id", "", name)
    both = pd.concat([frame, *parts], ignore_index=True)
    tables["clicks"] = both.sort_values(["received_at", "at", "visitor_id", "event", "category"], ignore_index=True)


# --- surveys ---------------------------------------------------------------------------------------------------------

_SURVEYS = ("survey_2024_05", "survey_2024_11")


def _blank_code(tables: Tables, rng, ledger: _Ledger) -> None:
    """Not answered is written as 11 in the first wave and as 99 in the second."""
    for table, code in zip(_SURVEYS, (11, 99), strict=True):
        ledger.put(tables, table, ledger.some(rng, tables, table, "推荐意愿", 0.03), "推荐意愿", code)


def _wrong_scale(tables: Tables, rng, ledger: _Ledger) -> None:
    """Answers from a page that asked for 0 to 100."""
    for table in _SURVEYS:
        score = tables[table]["推荐意愿"].to_numpy()
        rows = ledger.some(rng, tables, table, "推荐意愿", 0.01, (score >= 2) & (score <= 10))
        ledger.put(tables, table, rows, "推荐意愿", score[rows] * 10)


def _speeder(tables: Tables, rng, ledger: _Ledger) -> None:
    """Through in seconds, the same answer to every question."""
    for table in _SURVEYS:
        rows = ledger.some(rng, tables, table, "答题秒数", 0.02)
        same = rng.integers(3, 6, len(rows))
        for column in (c for c in tables[table] if c.startswith(("driver_", "item_"))):
            ledger.put(tables, table, rows, column, same)
        ledger.put(tables, table, rows, "答题秒数", rng.integers(6, 25, len(rows)))


def _double_answer(tables: Tables, rng, ledger: _Ledger) -> None:
    """The same customer answers twice; the second time is later and the score may differ by one."""
    for table in _SURVEYS:
        frame = tables[table]
        rows = ledger.some(rng, tables, table, "答卷编号", 0.015)
        copy = frame.iloc[rows].copy()
        copy["答卷编号"] = copy["答卷编号"] + "b"
        later = pd.to_datetime(copy["提交时间"]) + pd.to_timedelta(rng.integers(600, 86400, len(rows)), unit="s")
        copy["提交时间"] = later.dt.strftime("%Y-%m-%d %H:%M:%S")
        inside = copy["推荐意愿"].between(1, 9)
        copy["推荐意愿"] += np.where(inside, rng.integers(-1, 2, len(rows)), 0)
        ledger.note(table, copy["答卷编号"], "答卷编号", frame["答卷编号"].to_numpy()[rows], copy["答卷编号"])
        tables[table] = pd.concat([frame, copy]).sort_values(["提交时间", "答卷编号"], ignore_index=True)


# --- consents --------------------------------------------------------------------------------------------------------


def _nobodys_consent(tables: Tables, rng, ledger: _Ledger) -> None:
    """An answer to a text message whose sender was not recognised: the account is blank."""
    frame = tables["consents"]
    rows = ledger.some(rng, tables, "consents", "account", 0.0008, (frame["channel"] == "sms_reply").to_numpy())
    ledger.put(tables, "consents", rows, "account", "")


#: Every kind, in the order in which they are put in.
KINDS: dict[str, Callable[[Tables, np.random.Generator, _Ledger], None]] = {
    "wrong_birth_year": _wrong_birth_year,
    "day_month_swap": _day_month_swap,
    "name_typo": _name_typo,
    "phone_typo": _phone_typo,
    "placeholder_phone": _placeholder_phone,
    "duplicate_customer": _duplicate_customer,
    "gap": _gap,
    "name_phone_swap": _name_phone_swap,
    "outlier": _outlier,
    "zero_price": _zero_price,
    "impossible_date": _impossible_date,
    "repeated_order": _repeated_order,
    "late_event": _late_event,
    "bot_visits": _bot_visits,
    "speeder": _speeder,
    "double_answer": _double_answer,
    "blank_code": _blank_code,
    "wrong_scale": _wrong_scale,
    "impossible_refund_date": _impossible_refund_date,
    "state_before": _state_before,
    "nobodys_consent": _nobodys_consent,
}


def inject(tables: Tables, kinds: list[str], seed: int) -> tuple[Tables, pd.DataFrame]:
    """Put the defects of these kinds into copies of the tables.

    Returns
    -------
    tables : spoilt
    ledger : source (file), key (of the record there), column, kind, true, given (texts; true is blank where the record
        should not be there at all)
    """
    tables, ledger = {name: frame.copy() for name, frame in tables.items()}, _Ledger()
    for kind in (k for k in KINDS if k in kinds):
        ledger.kind = kind
        KINDS[kind](tables, stream(seed, f"defect {kind}"), ledger)
    return tables, ledger.frame()

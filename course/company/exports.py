"""The exports as seven systems write them: each with its own id for a customer, its own format and its own habits."""

import gzip
import io
import json
import sqlite3
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from course.company.people import People, lexicon
from course.company.plan import CITIES, PAST, PUSH_GROUPS, STORES_PER_CITY, TOPICS, Plan, dates, stamped, stream
from course.company.products import catalogue
from course.company.purchases import Sales, moments
from course.company.service import WAVES

#: Table → file (a database's tables share one). Where a table stands in a file of its own name it is not listed.
FILES = {
    "crm_members": "crm_members.csv",
    "app_users": "app_users.csv",
    "app_orders": "app_orders.json.gz",
    "app_order_lines": "app_order_lines.csv.gz",
    "till_sales": "till.sqlite::sales",
    "till_sale_lines": "till.sqlite::sale_lines",
    "till_members": "till.sqlite::members",
    "clicks": "clicks.jsonl.gz",
    "survey_2024_05": "survey_2024_05.xlsx",
    "survey_2024_11": "survey_2024_11.xlsx",
    "tickets": "tickets.csv",
    "posts": "posts.json",
    "campaigns": "campaigns.csv",
    "promotions": "promotions.csv",
    "products": "products.csv",
    "stores": "stores.csv",
    "ticket_closings": "ticket_closings.csv",
    "points": "points.csv.gz",
    "tiers": "tiers.csv",
    "topups": "topups.csv",
    "coupons": "coupons.csv",
    "consents": "consents.csv.gz",
    "babies": "app_babies.csv",
}
#: The tables of the workflow: canonical table → the exports that make it up.
INPUTS = {
    "orders": ["app_orders", "till_sales"],
    "order_lines": ["app_order_lines", "till_sale_lines"],
    "customers": ["crm_members", "app_users", "till_members"],
    "events": ["clicks"],
    "surveys": ["survey_2024_05", "survey_2024_11"],
    "tickets": ["tickets"],
    "posts": ["posts"],
    "campaigns": ["campaigns"],
}


# --- ids -------------------------------------------------------------------------------------------------------------


def identifiers(people: People, sales: Sales, member: np.ndarray, plan: Plan) -> pd.DataFrame:
    """Who is known where: everyone has at least one id.

    Returns
    -------
    frame, one row a person: crm (C000123, in the order of joining), app (u and ten hexadecimal digits), card (ten
    digits, 88…); blank where the system does not know the person
    """
    rng = stream(plan.seed, "ids")
    size = len(people)
    past = sales.orders[sales.orders["day"] < PAST]
    online = np.isin(np.arange(size), past.loc[past["channel"] < 2, "person"])
    store = np.isin(np.arange(size), past.loc[past["channel"] == 2, "person"])
    card = store & (rng.random(size) < 0.9)
    app = online | (rng.random(size) < 0.2) | ~(member | card)
    rank = np.lexsort((np.arange(size), people.frame["joined_day"])).argsort()
    crm_number = np.cumsum(member[np.argsort(rank)])[rank]
    app_number = rng.choice(15 * 16**9, size, replace=False) + 16**9
    card_number = rng.choice(10**8, size, replace=False)
    return pd.DataFrame(
        {
            "crm": [f"C{n:06d}" if known else None for n, known in zip(crm_number, member, strict=True)],
            "app": [f"u{n:010x}" if known else None for n, known in zip(app_number, app, strict=True)],
            "card": [f"88{n:08d}" if known else None for n, known in zip(card_number, card, strict=True)],
        }
    ).astype("str")


def numbered(sales: Sales) -> np.ndarray:
    """Each order's own number: L20240305-00012 online, S03-240305-0007 in a store, counted within the day."""
    own = sales.orders
    date = pd.DatetimeIndex(dates(own["day"]))
    place = own["store"].to_numpy()
    order = np.lexsort((own["person"], own["second"], own["day"], place))
    key = place[order].astype("int64") * 10_000 + own["day"].to_numpy()[order]
    count = np.arange(len(own)) - np.searchsorted(key, key)
    number = np.empty(len(own), dtype="int64")
    number[order] = count + 1
    text = date.strftime("%Y%m%d")
    return np.array(
        [f"S{s:02d}-{d[2:]}-{n:04d}" if s else f"L{d}-{n:05d}" for s, d, n in zip(place, text, number, strict=True)],
        dtype=object,
    )


# --- the systems' tables ---------------------------------------------------------------------------------------------


def crm(people: People, facts: pd.DataFrame, ids: pd.DataFrame, brought_by: np.ndarray, plan: Plan) -> pd.DataFrame:
    """Members of the CRM: Chinese headers; three clerks write dates in three ways and phones with or without blanks."""
    rng = stream(plan.seed, "crm")
    known = ids["crm"].notna().to_numpy()
    frame, own = people.frame[known], facts[known]
    clerk = rng.integers(0, 3, len(own))
    phone = own["phone"].to_numpy()
    spaced = np.array([f"{p[:3]} {p[3:7]} {p[7:]}" for p in phone])
    referrer = np.where(brought_by >= 0, ids["crm"].fillna("").to_numpy()[brought_by], "")[known]
    table = pd.DataFrame(
        {
            "客户编号": ids.loc[known, "crm"].to_numpy(),
            "姓名": own["name"].to_numpy(),
            "手机号": np.where(rng.random(len(own)) < 0.1, spaced, phone),
            "电子邮箱": own["email"].to_numpy(),
            "地址": own["address"].to_numpy(),
            "出生日期": _as_clerks_write(own["birth_date"], clerk),
            "性别": frame["gender"].to_numpy(),
            "城市": frame["city"].to_numpy(),
            "注册时间": _as_clerks_write(dates(frame["joined_day"]), clerk),
            "推送分组": np.array(PUSH_GROUPS)[frame["group"]],
            "推荐人": referrer,
            "实名认证": np.where(rng.random(len(own)) < 0.6, "是", "否"),
        }
    )
    return table.sort_values("客户编号", ignore_index=True)


def _as_clerks_write(values: np.ndarray, clerk: np.ndarray) -> np.ndarray:
    date = pd.DatetimeIndex(values)
    parts = list(zip(date.year, date.month, date.day, clerk, strict=True))
    forms = ("{:04d}-{:02d}-{:02d}", "{:d}/{:d}/{:d}", "{:d}年{:d}月{:d}日")
    return np.array([forms[c].format(y, m, d) for y, m, d, c in parts])


def app_users(people: People, facts: pd.DataFrame, ids: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Accounts of the app and the mini-program; one in three shows the nickname used on social media too."""
    rng = stream(plan.seed, "app_users")
    known = ids["app"].notna().to_numpy()
    frame, own = people.frame[known], facts[known]
    shown = rng.random(len(own)) < 0.35
    registered = moments(frame["joined_day"], rng.integers(8 * 3600, 86400, len(own)))
    table = pd.DataFrame(
        {
            "user_id": ids.loc[known, "app"].to_numpy(),
            "name": own["name"].to_numpy(),
            "phone": own["phone"].to_numpy(),
            "email": own["email"].to_numpy(),
            "birthday": pd.DatetimeIndex(own["birth_date"]).strftime("%Y-%m-%d"),
            "gender": frame["gender"].to_numpy(),
            "city": frame["city"].to_numpy(),
            "registered_at": stamped(registered),
            "push_group": np.array(PUSH_GROUPS)[frame["group"]],
            "nickname": np.where(shown, own["nickname"], ""),
        }
    )
    return table.sort_values("user_id", ignore_index=True)


def _offset(times: np.ndarray) -> pd.Index:
    return pd.DatetimeIndex(times).strftime("%Y-%m-%dT%H:%M:%S+08:00")


def app_orders(
    sales: Sales, number: np.ndarray, ids: pd.DataFrame, promo_ids: np.ndarray, plan: Plan
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Orders of the app and the mini-program, their lines, and who placed them.

    One order in 25 was first tried and not paid or cancelled. An order's lines may come in two parcels.

    Returns
    -------
    orders, lines : as exported
    truth : order_id, person
    """
    rng = stream(plan.seed, "app_orders")
    own = sales.orders[(sales.orders["channel"] < 2) & (sales.orders["day"] < PAST)]
    at = own.index.to_numpy()
    failed = at[rng.random(len(at)) < 0.04]
    index = np.concatenate([at, failed])
    own = sales.orders.loc[index]
    is_try = np.arange(len(index)) >= len(at)
    second = own["second"].to_numpy() - np.where(is_try, rng.integers(60, 600, len(index)), 0)
    created = moments(own["day"], np.maximum(second, 0))
    done = np.where(own["refunded"], "refunded", np.where(own["day"] >= PAST - 3, "shipped", "completed"))
    tried = np.where(rng.random(len(index)) < 0.6, "cancelled", "unpaid")
    later = np.where(is_try, 1800, np.where(own["refunded"], 7 * 86400, 3 * 86400))
    order_id = number[index] + np.where(is_try, "-0", "")
    promo = np.where(own["promoted"], promo_ids[own["week"]], None)
    orders = pd.DataFrame(
        {
            "orderId": order_id,
            "customerId": ids["app"].to_numpy()[own["person"]],
            "createdAt": _offset(created),
            "updatedAt": _offset(created + later.astype("timedelta64[s]")),
            "status": np.where(is_try, tried, done),
            "totalAmount": own["cents"].to_numpy() / 100,
            "discountAmount": own["discount"].to_numpy() / 100,
            "channel": np.where(own["channel"] == 0, "app", "mini_program"),
            "promoId": promo,
        }
    )
    truth = pd.DataFrame({"order_id": order_id, "person": own["person"].to_numpy()})
    lines = _lines_of(sales, index, order_id)
    ends = (lines["order_id"] != lines["order_id"].shift(-1)).to_numpy()  # the last line of each order
    size = np.diff(np.flatnonzero(ends), prepend=-1)
    split = np.repeat((rng.random(len(size)) < 0.15) & (size >= 3), size)
    lines["parcel"] = np.where(split & ends, 2, 1)
    rank = np.lexsort((order_id, created))
    return orders.iloc[rank].reset_index(drop=True), lines, truth


def _lines_of(sales: Sales, index: np.ndarray, order_id: np.ndarray) -> pd.DataFrame:
    """Lines of the orders at `index` under the numbers `order_id`, sorted by number and product."""
    goods = catalogue()
    lines = sales.lines
    start = np.searchsorted(lines["order"], index, side="left")
    count = np.searchsorted(lines["order"], index, side="right") - start
    take = np.repeat(start - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())
    own = lines.iloc[take]
    table = pd.DataFrame(
        {
            "order_id": np.repeat(order_id, count),
            "sku": goods["product_id"].to_numpy()[own["product"]],
            "product_name": goods["name_zh"].to_numpy()[own["product"]],
            "category": goods["category"].to_numpy()[own["product"]],
            "quantity": own["quantity"].to_numpy(),
            "unit_price": own["unit"].to_numpy() / 100,
        }
    )
    return table.sort_values(["order_id", "sku"], ignore_index=True)


def till(
    sales: Sales, number: np.ndarray, ids: pd.DataFrame, facts: pd.DataFrame, promo_ids: np.ndarray, plan: Plan
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The stores' tills: sales, their lines, members; and who bought. One card holder in seven forgets the card; a
    return is a sale of less than nothing that names the one it undoes.

    Returns
    -------
    sales, lines, members : as exported
    truth : order_id, person
    """
    rng = stream(plan.seed, "till")
    own = sales.orders[(sales.orders["channel"] == 2) & (sales.orders["day"] < PAST)]
    at = own.index.to_numpy()
    back = at[own["refunded"].to_numpy()]
    back_day = sales.orders.loc[back, "day"].to_numpy() + rng.integers(1, 8, len(back))
    back, back_day = back[back_day < PAST], back_day[back_day < PAST]
    shown = rng.random(len(at)) < 0.85
    member = np.where(shown, ids["card"].to_numpy()[own["person"]], None)
    sign = np.concatenate([np.ones(len(at)), -np.ones(len(back))])
    index = np.concatenate([at, back])
    both = sales.orders.loc[index]
    receipt = np.concatenate([number[at], "R" + number[back]])
    day = np.concatenate([own["day"], back_day])
    table = pd.DataFrame(
        {
            "receipt_no": receipt,
            "transaction_time": stamped(moments(day, both["second"])),
            "store_no": [f"S{s:02d}" for s in both["store"]],
            "member_no": np.concatenate([member, member[np.searchsorted(at, back)]]),
            "amount": sign * both["cents"].to_numpy() / 100,
            "discount": sign * both["discount"].to_numpy() / 100 + 0.0,
            "channel": "store",
            "promo_id": np.where(both["promoted"] & (sign > 0), promo_ids[both["week"]], None),
            "refund_of": np.concatenate([np.full(len(at), None), number[back]]),
        }
    )
    lines = _lines_of(sales, index, receipt)
    lines.loc[lines["order_id"].str.startswith("R"), "quantity"] *= -1
    lines = lines.rename(columns={"order_id": "receipt_no"})
    known = ids["card"].notna().to_numpy()
    first = own.groupby("person")["day"].min().reindex(np.flatnonzero(known))
    members = pd.DataFrame(
        {
            "member_no": ids.loc[known, "card"].to_numpy(),
            "name": facts.loc[known, "name"].to_numpy(),
            "phone": facts.loc[known, "phone"].to_numpy(),
            "joined_at": pd.DatetimeIndex(dates(first)).strftime("%Y-%m-%d"),
        }
    )
    truth = pd.DataFrame({"order_id": receipt, "person": both["person"].to_numpy()})
    table = table.sort_values(["transaction_time", "receipt_no"], ignore_index=True)
    return table, lines, members.sort_values("member_no", ignore_index=True), truth


def click_log(events: pd.DataFrame, ids: pd.DataFrame) -> pd.DataFrame:
    """The click log: times in UTC, in the order in which the server received them."""
    epoch = dates(np.array([0])).astype("datetime64[s]")
    user = ids["app"].to_numpy()[events["person"]]
    return pd.DataFrame(
        {
            "at": pd.DatetimeIndex(epoch + events["at"].to_numpy().astype("timedelta64[s]")).strftime(_UTC),
            "received_at": pd.DatetimeIndex(epoch + events["received"].to_numpy().astype("timedelta64[s]")).strftime(
                _UTC
            ),
            "visitor_id": events["device"].to_numpy(),
            "user_id": np.where(events["logged_in"], user, None),
            "event": events["kind"].to_numpy(),
            "category": events["category"].to_numpy(),
            "dwell": events["dwell"].array,
        }
    )


_UTC = "%Y-%m-%dT%H:%M:%SZ"


def survey(came: pd.DataFrame, wave: str, ids: pd.DataFrame, facts: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """The answers of one wave as the survey tool exports them.

    Parameters
    ----------
    came : answers of those who responded, sorted by time; `said` their comments (text_zh, text_en), the same index.
    """
    by_phone = WAVES[wave][1] == "phone"
    person = came["person"].to_numpy()
    phone = facts["phone"].to_numpy()[person]
    number = ids["card"].fillna(ids["crm"]).to_numpy()[person]
    customer = np.where(by_phone | pd.isna(number), phone, number)
    table = pd.DataFrame({"答卷编号": [f"{wave[-2:]}{i:05d}" for i in range(1, len(came) + 1)]})
    table["提交时间"] = stamped(came["answered"].to_numpy())
    table["会员编号"] = customer
    table["推荐意愿"] = came["score"].to_numpy()
    for name in (c for c in came if c.startswith(("driver_", "item_"))):
        table[name] = came[name].to_numpy()
    table["意见"] = said["text_zh"].to_numpy()
    table["translation"] = said["text_en"].to_numpy()
    table["答题秒数"] = came["seconds"].to_numpy()
    return table


def tickets(
    calls: pd.DataFrame, rated: pd.DataFrame, ids: pd.DataFrame, facts: pd.DataFrame, plan: Plan
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Service tickets: the customer by CRM number, or by phone where there is none or it was not asked for.

    Parameters
    ----------
    calls, rated : what `service.with_repeats` and `service.ratings` gave.

    Returns
    -------
    tickets : as exported; not yet closed at the end of the books: blank
    closings : of those that are closed, the agent's mark and the customer's answer to the closing question
    truth : ticket_id, person, left (bool: the customer left over it), matter (ticket with which it began), settled
        (bool), satisfaction (1–5, also of those who were not heard), answered (bool)
    """
    person, again = calls["person"].to_numpy(), calls["again"].to_numpy()
    crm_id, phone = ids["crm"].to_numpy()[person], facts["phone"].to_numpy()[person]
    number = np.array([f"T{i:06d}" for i in range(1, len(calls) + 1)])
    begun = np.empty(np.sum(~again), dtype="int64")  # where the first ticket of every matter stands
    begun[calls["matter"].to_numpy()[~again]] = np.flatnonzero(~again)
    # Whoever asks again is known as before.
    by_phone = (stream(plan.seed, "ticket_ids").random(len(begun)) < 0.25)[calls["matter"]]
    end = dates(np.array([PAST])).astype("datetime64[s]")
    closed = calls["closed"].to_numpy() < end
    heard = (rated["answers"] & (rated["rated"] < end[0])).to_numpy() & closed
    table = pd.DataFrame(
        {
            "工单编号": number,
            "客户编号": np.where(pd.isna(crm_id) | by_phone, phone, crm_id),
            "创建时间": stamped(calls["opened"].to_numpy()),
            "关闭时间": np.where(closed, stamped(calls["closed"].to_numpy()), ""),
            "主题": np.array(TOPICS)[calls["topic"]],
        }
    )
    closings = pd.DataFrame(
        {
            "工单编号": number,
            "客服标记": _settled(rated["agent_says_settled"]),
            "评价时间": np.where(heard, stamped(rated["rated"].to_numpy()), ""),
            "满意度": rated["satisfaction"].astype("Int64").where(heard),
            "顾客确认": np.where(heard, _settled(rated["says_settled"]), ""),
        }
    )
    truth = pd.DataFrame(
        {
            "ticket_id": number,
            "person": person,
            "left": calls["left"].to_numpy(),
            "matter": number[begun[calls["matter"]]],
            "settled": calls["settled"].to_numpy(),
            "satisfaction": rated["satisfaction"],
            "answered": heard,
        }
    )
    return table, closings[closed].reset_index(drop=True), truth


def _settled(yes: pd.Series) -> np.ndarray:
    return np.where(yes, "已解决", "未解决")


def authors(written: pd.DataFrame, facts: pd.DataFrame, plan: Plan) -> np.ndarray:
    """Nicknames of those who post; strangers have theirs too."""
    rng = stream(plan.seed, "strangers")
    words = rng.choice(lexicon()["nicknames"], len(written))
    # Customers' numbers end before a million, so no stranger is taken for one.
    stranger = [f"{w}{10**6 + n}" for w, n in zip(words, written["stranger"], strict=True)]
    return np.where(written["person"] >= 0, facts["nickname"].to_numpy()[written["person"]], stranger)


def posts(written: pd.DataFrame, author: np.ndarray, said: pd.DataFrame) -> pd.DataFrame:
    """Social posts: their texts (text_zh, text_en) as `said`."""
    return pd.DataFrame(
        {
            "post_id": [f"P{i:06d}" for i in range(1, len(written) + 1)],
            "author": author,
            "created_at": _offset(written["at"].to_numpy()),
            "text": said["text_zh"].to_numpy(),
            "translation": said["text_en"].to_numpy(),
        }
    )


def products(cents: np.ndarray) -> pd.DataFrame:
    """The price list of 2024 in both languages, with what the goods cost Luming."""
    goods = catalogue()
    return pd.DataFrame(
        {
            "sku": goods["product_id"],
            "name_zh": goods["name_zh"],
            "name_en": goods["name_en"],
            "category": goods["category"],
            "kind": goods["kind"],
            "brand_zh": goods["brand_zh"],
            "brand_en": goods["brand_en"],
            "list_price": cents[1] / 100,
            "unit_cost": (cents[1] * (1 - goods["margin"])).round() / 100,
        }
    )


def stores() -> pd.DataFrame:
    """The twelve stores."""
    cities = [(zh, en) for zh, (en, _) in CITIES.items() for _ in range(STORES_PER_CITY)]
    return pd.DataFrame(
        {
            "store_no": [f"S{i:02d}" for i in range(1, len(cities) + 1)],
            "city_zh": [zh for zh, _ in cities],
            "city_en": [en for _, en in cities],
        }
    )


# --- files -----------------------------------------------------------------------------------------------------------


def records(orders: pd.DataFrame, lines: pd.DataFrame) -> list[dict]:
    """Orders with their lines nested, as the order API serves them."""
    nested: dict[str, list[dict]] = {}
    names = ["order_id", "sku", "product_name", "category", "quantity", "unit_price", "parcel"]
    for order, sku, title, category, quantity, price, parcel in zip(*(lines[n].tolist() for n in names), strict=True):
        nested.setdefault(order, []).append(
            {"sku": sku, "title": title, "category": category, "qty": quantity, "unitPrice": price, "parcel": parcel}
        )
    rows = orders.astype(object).where(orders.notna(), None).to_dict("records")
    return [row | {"lines": nested[row["orderId"]]} for row in rows]


def write(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    """Write every table into its file. The same tables give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        file = FILES[name]
        if name == "app_orders":
            data = json.dumps(records(frame, tables["app_order_lines"]), ensure_ascii=False, separators=(",", ":"))
            (folder / file).write_bytes(_packed(data.encode()))
        elif name == "posts":
            rows = frame.to_dict("records")
            lines = ",\n".join(json.dumps(r, ensure_ascii=False) for r in rows)
            (folder / file).write_bytes(f"[\n{lines}\n]\n".encode())
        elif file.endswith(".jsonl.gz"):
            (folder / file).write_bytes(_packed(_json_lines(frame)))
        elif file.endswith(".xlsx"):
            (folder / file).write_bytes(_workbook(frame))
        elif ".sqlite::" not in file:
            encoding = "gb18030" if name == "crm_members" else "utf-8"
            data = frame.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d").encode(encoding)
            (folder / file).write_bytes(_packed(data) if file.endswith(".gz") else data)
    inside = {FILES[n].split("::")[1]: f for n, f in tables.items() if "::" in FILES[n]}
    (folder / "till.sqlite").write_bytes(_database(inside))


def _packed(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=6, mtime=0)


def _json_lines(frame: pd.DataFrame) -> bytes:
    """One JSON object a row; the texts of the log need no escaping, so each column is written at once."""
    cells = []
    for name in frame:
        column = frame[name]
        plain = column.astype("str") if column.dtype.kind in "iu" else '"' + column.astype("str") + '"'
        cells.append((f'"{name}":' + plain.where(column.notna(), "null")).tolist())
    return "".join("{" + ",".join(row) + "}\n" for row in zip(*cells, strict=True)).encode()


def _workbook(frame: pd.DataFrame) -> bytes:
    import xlsxwriter

    target = io.BytesIO()
    with xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties({"created": datetime(2025, 1, 1), "title": "Luming"})
        sheet = book.add_worksheet("answers")
        sheet.write_row(0, 0, list(frame.columns))
        rows = frame.astype(object).where(frame.notna(), "").to_numpy().tolist()
        for i, row in enumerate(rows, 1):
            sheet.write_row(i, 0, row)
    return target.getvalue()


def _database(tables: dict[str, pd.DataFrame]) -> bytes:
    """A SQLite database of these tables."""
    with sqlite3.connect(":memory:") as connection:
        for name, frame in tables.items():
            kinds = {"f": "REAL", "i": "INTEGER"}
            columns = ", ".join(f'"{c}" {kinds.get(frame[c].dtype.kind, "TEXT")}' for c in frame)
            connection.execute(f'CREATE TABLE "{name}" ({columns})')
            rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
            connection.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(frame.columns))})', rows)
        connection.commit()
        data = bytearray(connection.serialize())
    connection.close()
    data[96:100] = bytes(4)  # the number of the library that wrote it
    return bytes(data)

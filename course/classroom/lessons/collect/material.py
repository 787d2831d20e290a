"""Luming's exports before anything is done to them, and small files in the forms of other systems."""

import gzip
import http.client
import json
import sqlite3
import zlib
from datetime import datetime
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from course import collect, company
from course.classroom import room
from course.collect.api import orders_frame
from course.company.order_server import serve

_CRM = {
    "客户编号": "customer_id",
    "姓名": "name",
    "手机号": "phone",
    "电子邮箱": "email",
    "地址": "address",
    "出生日期": "birth_date",
    "性别": "gender",
    "城市": "city",
    "注册时间": "joined_at",
    "推送分组": "push_group",
    "推荐人": "referrer",
    "实名认证": "verified",
}
_TICKETS = {"工单编号": "ticket_id", "客户编号": "customer_id", "创建时间": "opened_at", "关闭时间": "closed_at"}


def crm_raw(folder: Path) -> pd.DataFrame:
    """Members of the CRM as exported, every cell a text; the headers are in English."""
    return _raw(folder, "crm_members").rename(columns=_CRM)


def app_users_raw(folder: Path) -> pd.DataFrame:
    """Accounts of the app as exported, every cell a text."""
    return _raw(folder, "app_users")


def till_members(folder: Path) -> pd.DataFrame:
    """Members that the tills know: member_no, name, phone, joined_at."""
    return _raw(folder, "till_members")


def till_raw(folder: Path) -> pd.DataFrame:
    """Sales of the stores as the till's database holds them; returns are negative."""
    return _raw(folder, "till_sales")


def tickets_raw(folder: Path) -> pd.DataFrame:
    """Service tickets as exported: ticket_id, customer_id (a CRM number or a phone), opened_at, closed_at, topic."""
    return _raw(folder, "tickets").rename(columns=_TICKETS | {"主题": "topic"})


def clicks_raw(folder: Path) -> pd.DataFrame:
    """The click log in the order of arrival; `at` as a time (UTC), the rest as logged."""
    log = _raw(folder, "clicks")
    return log.assign(at=pd.to_datetime(log["at"], utc=True).dt.tz_localize(None).astype("datetime64[us]"))


def _raw(folder: Path, name: str) -> pd.DataFrame:
    return collect.open_source(str(folder / company.FILES[name])).frame.reset_index(drop=True)


def app_records(folder: Path) -> list[dict]:
    """Orders of the app as its API has them, with their lines: what the server of this lesson serves."""
    return json.loads(gzip.decompress((folder / company.FILES["app_orders"]).read_bytes()))


def app_pages(folder: Path) -> pd.DataFrame:
    """Every page that the order API gives, one under the other, nothing taken out.

    Returns
    -------
    frame, one row an order and page: page, pages, total (orders that the server says there are), and the order's own
    fields without its lines
    """
    rows = []
    with serve(app_records(folder)) as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        number, last = 1, 1
        while number <= last:
            connection.request("GET", f"/orders?page={number}", headers={"Authorization": f"Bearer {server.token}"})
            page = json.loads(connection.getresponse().read())
            head = {name: page[name] for name in ("page", "pages", "total")}
            rows += [head | {k: v for k, v in order.items() if k != "lines"} for order in page["orders"]]
            number, last = number + 1, page["pages"]
        connection.close()
    return pd.DataFrame(rows)


# --- a questionnaire -------------------------------------------------------------------------------------------------

_ANSWERS = 1200
#: Satisfaction 1 to 5 where the question is put plainly, and how many of those who would say less say one more when
#: the question praises first.
_PLAIN = (0.06, 0.12, 0.27, 0.35, 0.20)
_LIFTED = 0.6
#: What the leading wording adds to the share of those who say 4 or 5: of the 3s, as many as are lifted.
PLANTED_GAP = _PLAIN[2] * _LIFTED


def questionnaire(folder: Path) -> pd.DataFrame:
    """A simulated questionnaire in two wordings, drawn by lot, with a question that not everybody is asked.

    Returns
    -------
    frame, one row an answer: answer_id, wording (plain, leading), satisfied (1–5), returned (1 yes, 2 no), handled
    (1–5, 9: cannot say; only those who returned something are asked, and a few of them left it blank), seconds
    """
    return _questionnaire(folder)[0]


def questionnaire_errors(folder: Path) -> pd.DataFrame:
    """What was spoilt in the questionnaire: answer_id, kind (speeder, range, skip), one row a spoilt answer."""
    return _questionnaire(folder)[1]


def _questionnaire(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(_seed(folder))
    leading = rng.permutation(_ANSWERS) % 2 == 1
    satisfied = rng.choice(5, _ANSWERS, p=_PLAIN) + 1
    satisfied = np.minimum(5, satisfied + (leading & (rng.random(_ANSWERS) < _LIFTED)))
    returned = np.where(rng.random(_ANSWERS) < 0.3, 1, 2)
    handled = np.where(rng.random(_ANSWERS) < 0.1, 9, rng.integers(1, 6, _ANSWERS))
    handled = pd.Series(handled, dtype="Float64").where((returned == 1) & (rng.random(_ANSWERS) > 0.05))
    seconds = rng.lognormal(4.6, 0.4, _ANSWERS).clip(21).astype("int64")
    spoilt = rng.permutation(_ANSWERS)
    speeders, wild, stays = spoilt[:36], spoilt[36:54], spoilt[54:60]
    asked_not = np.flatnonzero((returned == 2) & ~np.isin(np.arange(_ANSWERS), spoilt[:60]))
    skipped = rng.choice(asked_not, 24, replace=False)
    seconds[speeders], seconds[stays] = rng.integers(4, 20, len(speeders)), 20  # 20 seconds are just enough
    satisfied[wild] = rng.choice([0, 6, 55], len(wild))
    handled[skipped] = rng.integers(1, 6, len(skipped))
    ids = np.array([f"Q{i:04d}" for i in range(1, _ANSWERS + 1)])
    frame = pd.DataFrame(
        {
            "answer_id": ids,
            "wording": np.where(leading, "leading", "plain"),
            "satisfied": satisfied,
            "returned": returned,
            "handled": handled.astype("float64"),
            "seconds": seconds,
        }
    )
    kinds = {"speeder": speeders, "range": wild, "skip": skipped}
    planted = [pd.DataFrame({"answer_id": ids[rows], "kind": kind}) for kind, rows in kinds.items()]
    return frame, pd.concat(planted).sort_values("answer_id", ignore_index=True)


def _seed(folder: Path) -> int:
    """Another company, another questionnaire."""
    return zlib.crc32((folder / "README.md").read_bytes())


# --- the forms of other systems --------------------------------------------------------------------------------------

_EVENTS, _BUYERS, _CONTACTS = 2000, 30, 80
#: HubSpot's eight lifecycle stages; the last has no place in their order.
STAGES = (
    "Subscriber",
    "Lead",
    "Marketing Qualified Lead",
    "Sales Qualified Lead",
    "Opportunity",
    "Customer",
    "Evangelist",
    "Other",
)


def imports(folder: Path) -> Path:
    """Small files as Google Analytics, HubSpot, 简道云 and a shop's own systems export them, in work/imports.

    Returns
    -------
    the folder: ga4_events.jsonl (GA4's BigQuery export: the first events of the click log); hubspot_companies.csv,
    hubspot_contacts_november.csv, hubspot_contacts_december.csv, hubspot_deals.csv, hubspot_calls.csv (simulated
    company customers); orders.csv, orders.xlsx, orders.jsonl, orders.sqlite, orders.parquet and jiandaoyun_orders.xlsx
    (all orders of the app's first buyers, the same in six forms)
    """
    out = room.folder() / "imports"
    out.mkdir(exist_ok=True)
    with gzip.open(folder / company.FILES["clicks"], "rt", encoding="utf-8") as log:
        _write_ga4([json.loads(line) for line in islice(log, _EVENTS)], out)
    _write_hubspot(np.random.default_rng(_seed(folder)), out)
    done = [r for r in app_records(folder) if r["status"] == "completed"]
    # All orders of a few customers: of orders that happen to be of as many customers, a run asks who they are.
    buyers = set(list(dict.fromkeys(r["customerId"] for r in done))[:_BUYERS])
    _write_orders(list({r["orderId"]: r for r in done if r["customerId"] in buyers}.values()), out)
    return out


def _write_ga4(log: list[dict], out: Path) -> None:
    names = {"view": "page_view", "cart": "add_to_cart", "buy": "purchase"}
    rows = [
        {
            "event_date": click["at"][:10].replace("-", ""),
            "event_timestamp": int(datetime.fromisoformat(click["at"]).timestamp()) * 1_000_000,
            "event_name": names[click["event"]],
            "event_params": [{"key": "category", "value": {"string_value": click["category"]}}],
            "user_pseudo_id": click["visitor_id"],
            "user_id": click["user_id"],
            "platform": "WEB",
        }
        for click in log
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (out / "ga4_events.jsonl").write_text(text, encoding="utf-8")


def _write_hubspot(rng: np.random.Generator, out: Path) -> None:
    """Contacts a month apart, of whom some stepped back; deals and calls that still name contacts merged since."""
    number = 20_000_000 + rng.choice(9_999_999, _CONTACTS, replace=False)
    firm = 30_000_000 + np.arange(12)
    companies = pd.DataFrame({"Record ID": firm, "Company name": [f"Group buyer {i:02d}" for i in range(1, 13)]})
    before = rng.choice(7, _CONTACTS, p=[0.15, 0.25, 0.15, 0.12, 0.13, 0.15, 0.05])
    forward = rng.random(_CONTACTS) < 0.25
    after = np.minimum(before + forward, 6)
    advanced = np.flatnonzero(before >= 2)
    back = rng.choice(advanced, 5, replace=False)
    after[back] = before[back] - rng.integers(1, 3, len(back))
    other = rng.choice(np.setdiff1d(np.arange(_CONTACTS), back), 3, replace=False)
    after[other] = 7  # set aside: no step back
    merged, into = np.arange(6), np.arange(6, 12)
    kept = np.arange(6, _CONTACTS)
    own = pd.DataFrame(
        {
            "Record ID": number,
            "Email": [f"buyer{i:02d}@group.example" for i in range(1, _CONTACTS + 1)],
            "Associated Company IDs": firm[rng.integers(0, len(firm), _CONTACTS)],
        }
    )
    stages = np.array(STAGES)
    own.assign(**{"Lifecycle Stage": stages[before]}).to_csv(out / "hubspot_contacts_november.csv", index=False)
    gone = pd.Series("", index=own.index, dtype="object")
    gone.iloc[into] = number[merged].astype(str)
    later = own.assign(**{"Lifecycle Stage": stages[after], "Merged contact IDs": gone})
    later.iloc[kept].to_csv(out / "hubspot_contacts_december.csv", index=False)
    companies.to_csv(out / "hubspot_companies.csv", index=False)
    for name, rows, columns in (
        ("deals", 40, {"Amount": (rng.lognormal(8.5, 0.7, 40)).round(2), "Deal Stage": "Closed Won"}),
        ("calls", 70, {"Activity date": "2024-12-02"}),
    ):
        who = np.concatenate([merged, rng.integers(0, _CONTACTS, rows - len(merged))])
        table = pd.DataFrame({"Record ID": 40_000_000 + np.arange(rows), "Associated Contact IDs": number[who]})
        table.assign(**columns).to_csv(out / f"hubspot_{name}.csv", index=False)


def _write_orders(records: list[dict], out: Path) -> None:
    names = {
        "orderId": "订单编号",
        "customerId": "客户编号",
        "createdAt": "下单时间",
        "totalAmount": "实付金额",
        "status": "订单状态",
    }
    heads = pd.DataFrame(records)[list(names)].rename(columns=names)
    heads["下单时间"] = heads["下单时间"].str[:19].str.replace("T", " ")
    (out / "orders.csv").write_bytes(heads.to_csv(index=False).encode("gb18030"))
    _write_workbook(heads, out / "orders.xlsx")
    heads.to_json(out / "orders.jsonl", orient="records", lines=True, force_ascii=False)
    heads.to_parquet(out / "orders.parquet", index=False)
    (out / "orders.sqlite").unlink(missing_ok=True)
    connection = sqlite3.connect(out / "orders.sqlite")
    heads.to_sql("orders", connection, index=False)
    connection.close()
    _write_jiandaoyun(heads, orders_frame(records), out / "jiandaoyun_orders.xlsx")


def _write_workbook(frame: pd.DataFrame, path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime(2025, 1, 1)})
        sheet = book.add_worksheet("orders")
        for place, row in enumerate([list(frame.columns), *frame.to_numpy().tolist()]):
            sheet.write_row(place, 0, row)


def _write_jiandaoyun(heads: pd.DataFrame, lines: pd.DataFrame, path: Path) -> None:
    """A form with a subform: two rows of headers; the cells of an order are merged over its lines."""
    import xlsxwriter

    parts = {"商品编号": "product_id", "数量": "quantity", "小计": "amount"}
    width = len(heads.columns)
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime(2025, 1, 1)})
        sheet = book.add_worksheet("团购订单")
        for place, name in enumerate([*heads.columns, "提交人"]):
            sheet.merge_range(0, place, 1, place, name)
        sheet.merge_range(0, width + 1, 0, width + len(parts), "商品明细")
        sheet.write_row(1, width + 1, list(parts))
        row = 2
        for order in heads.to_dict("records"):
            own = lines.loc[lines["order_id"] == order["订单编号"], list(parts.values())]
            for place, value in enumerate([*order.values(), "店员"]):
                if len(own) > 1:
                    sheet.merge_range(row, place, row + len(own) - 1, place, value)
                else:
                    sheet.write(row, place, value)
            for line in own.to_numpy().tolist():
                sheet.write_row(row, width + 1, line)
                row += 1

"""A client of an order API: every page, whatever fails on the way; nothing lost, nothing twice.

A request that fails for a while (429, 5xx, silence, a broken answer) is made again after a random time whose limit
doubles (exponential back-off with full jitter: Brooker, AWS Architecture Blog 2015), and not before the server's
Retry-After. What has come is kept page by page in a file, from which a killed run goes on. Pages may overlap and orders
may change while they are read, so an order counts once, in its latest version, and their number must be the server's.

The standard library's http.client does all of this in view: nothing follows a redirect or a proxy of the environment,
so the token goes to the one server it is for. It is in no error, note or file.
"""

import contextlib
import http.client
import json
import math
import os
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from course.errors import DataError, first_few
from course.language import Sentence

#: The first line of a resume file: what it is.
_HEADER = {"orders": "page by page", "version": 1}
_LONGEST_WAIT = 30.0  # seconds; limit of the back-off
_PATIENCE = 600.0  # seconds that a server may ask to wait
_PIECE = 1 << 20  # bytes read at once
_LARGEST = 1 << 26  # bytes of a page
_MOST_PAGES = 100_000

#: Fields of an order and of a line → canonical columns; "orderId" and "order_id" are the same.
_ORDER = {
    "order_id": "order_id",
    "customer_id": "customer_id",
    "created_at": "ordered_at",
    "status": "status",
    "channel": "channel",
    "store_id": "store_id",
    "promo_id": "promo_id",
}
_LINE = {
    "sku": "product_id",
    "title": "product_name",
    "category": "category",
    "qty": "quantity",
    "unit_price": "unit_price",
}


@dataclass(frozen=True)
class Fetched:
    """What an order API gave.

    Attributes
    ----------
    records : the orders as sent, each once, in the order in which they first came
    total : orders that the server says there are; as many as records
    pages : pages there are
    repeated : orders that came again unchanged
    changed : ids of the orders that came in different versions; the latest counts
    retries : requests that had to be made again
    notes : what a reader should know
    """

    records: list[dict]
    total: int
    pages: int
    repeated: int
    changed: list[str]
    retries: int
    notes: list[Sentence] = field(default_factory=list)


class _Failed(Exception):
    """A request that may go well the next time; `wait` is what the server asks for (seconds)."""

    def __init__(self, why: Sentence, wait: float = 0.0) -> None:
        super().__init__()
        self.why, self.wait = why, wait


def fetch(
    url: str,
    token: str,
    *,
    resume: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    attempts: int = 8,
    timeout: float = 10.0,
    sleep: Callable[[float], None] = time.sleep,
    random_state: int | None = None,
) -> Fetched:
    """All orders of an order API.

    Parameters
    ----------
    url : of the server; https, or http on this machine.
    token : the bearer token.
    resume : a file that keeps the pages (JSON lines; it holds customers' orders, so only its owner may read it). If it
        is there, reading goes on with its last page, which is read again.
    progress : called after each page with its number and how many there are.
    attempts : of each page before it is given up.
    timeout : seconds for one answer.
    sleep : what waits.
    random_state : of the waiting times; None: different ones every time, so that many clients do not come back at once.

    Raises
    ------
    DataError : the token is refused; a page that fails `attempts` times; the server's number of orders is not what
        came; a resume file of other orders, or a file that is none. What was read stays in the resume file.
    """
    client = _Client(url, token, attempts, timeout, sleep, random.Random(random_state))
    store = _Store(resume)
    try:
        last = store.pages[-1] if store.pages else None
        page = last["page"] if last else 1
        while True:
            got = client.page(page, store)
            if last and not _ids([last]) <= _ids([got]):
                raise _other_orders(store, page)
            if not last or got != last:
                store.keep(got)
            last = None
            if progress:
                progress(page, got["pages"])
            if page >= got["pages"] or not got["orders"]:
                return _settled(store, got, client.retries)
            page += 1
    finally:
        client.close()
        store.close()


def _settled(store: "_Store", last: dict, retries: int) -> Fetched:
    """Every order once, in its latest version; refused if they are not as many as the server says."""
    records: dict[str, dict] = {}
    repeated, changed = 0, set()
    for page in store.pages:
        for order in page["orders"]:
            key = _id(order)
            held = records.get(key)
            if held == order:
                repeated += 1
            elif held is not None:
                changed.add(key)
            if held is None or (held != order and _updated(order) >= _updated(held)):
                records[key] = order
    if len(records) != last["total"]:
        raise DataError(
            "The server says that there are {total:,} orders, but {got:,} different ones came on its {pages:,} pages. "
            "{advice}",
            total=last["total"],
            got=len(records),
            pages=last["pages"],
            advice=Sentence(
                "Orders probably moved between pages while they were read. Delete the resume file {file} and read "
                "again.",
                file=store.name,
            )
            if store.path
            else Sentence("Orders probably moved between pages while they were read. Read again."),
        )
    notes = []
    if changed:
        notes.append(
            Sentence(
                "{n:,} {n:order|orders} came in more than one version (first: {first}); the latest counts.",
                n=len(changed),
                first=first_few(sorted(changed)),
            )
        )
    if retries:
        notes.append(Sentence("{n:,} {n:request|requests} to the order API had to be made again.", n=retries))
    return Fetched(list(records.values()), last["total"], last["pages"], repeated, sorted(changed), retries, notes)


def _id(order: dict) -> str:
    return str(order.get("orderId", order.get("order_id")))


def _ids(pages: list[dict]) -> set[str]:
    return {_id(order) for page in pages for order in page["orders"]}


def _updated(order: dict) -> datetime:
    """When the order was last changed; long ago if it does not say. Of two such the later one to come counts."""
    try:
        moment = datetime.fromisoformat(order.get("updatedAt", order.get("updated_at")))
    except (TypeError, ValueError):
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# --- asking ----------------------------------------------------------------------------------------------------------


class _Client:
    """One connection at a time, kept while it serves."""

    def __init__(
        self,
        url: str,
        token: str,
        attempts: int,
        timeout: float,
        sleep: Callable[[float], None],
        rng: random.Random,
    ) -> None:
        try:
            parts, port = urlsplit(url), urlsplit(url).port
        except ValueError:
            parts, port = urlsplit(""), None
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
            raise DataError("The address of an order API begins with https:// (http:// only on this machine).")
        # http.client would print a token that it cannot send.
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise DataError("The token holds blanks, line breaks or letters that no token has. Copy it again.")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, port, timeout=timeout)
        self._path = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._attempts, self._timeout, self._sleep, self._rng = max(1, attempts), timeout, sleep, rng
        self.retries = 0

    def page(self, number: int, store: "_Store") -> dict:
        """One page, asked for as often as it takes.

        Raises
        ------
        DataError : given up, or refused for good.
        """
        for attempt in range(self._attempts):
            try:
                return self._ask(number)
            except _Failed as failed:
                self.close()
                last = failed
            if last.wait > _PATIENCE:
                break
            if attempt + 1 < self._attempts:
                self.retries += 1
                self._sleep(last.wait + self._rng.uniform(0, min(_LONGEST_WAIT, 0.5 * 2**attempt)))
        raise DataError(
            "Page {page:,} of the order API failed {n} {n:time|times}, the last time because {why}. {advice}",
            page=number,
            n=attempt + 1,
            why=last.why,
            advice=Sentence(
                "The {pages:,} {pages:page|pages} before it are in {file}: the same call goes on from there.",
                pages=store.pages[-1]["page"] if store.pages else 0,
                file=store.name,
            )
            if store.path
            else Sentence("Nothing was kept: name a file (resume=…), and the next call can go on where one ends."),
        )

    def _ask(self, number: int) -> dict:
        try:
            with _within(self._timeout) as watched:
                self._connection.request("GET", f"{self._path}/orders?page={number}", headers=self._headers)
                watched.append(self._connection.sock)  # which the connection forgets where the server closes it
                response = self._connection.getresponse()
                body = self._read(response)
        except TimeoutError:
            raise _Failed(Sentence("there was no answer within {n:g} seconds", n=self._timeout)) from None
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a header that cannot be read
            raise _Failed(Sentence("the connection broke ({kind})", kind=type(error).__name__)) from None
        if response.status in (401, 403):
            raise DataError("The order API refuses the token ({status}). Ask for a new one.", status=response.status)
        if response.status == 429 or response.status >= 500:
            why = Sentence("the server answered {status}", status=response.status)
            raise _Failed(why, _asked_to_wait(response))
        if response.status != 200:
            raise DataError(
                "The order API answers {status} to page {page:,}: the address is not that of an order API, or the page "
                "is gone.",
                status=response.status,
                page=number,
            )
        return _page(body, number)

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        """The whole body, up to the largest that a page can be."""
        parts, size = [], 0
        left = response.length  # None: not announced
        while left != 0 and (part := response.read1(min(left or _PIECE, _PIECE))):
            parts.append(part)
            size += len(part)
            left = None if left is None else left - len(part)
            if size > _LARGEST:
                raise http.client.HTTPException("too large")
        response.close()
        if left:
            raise http.client.IncompleteRead(b"")
        return b"".join(parts)

    def close(self) -> None:
        """End the connection; the next request opens another."""
        self._connection.close()


@contextlib.contextmanager
def _within(seconds: float) -> Iterator[list[socket.socket]]:
    """Bound the whole of a request, however little of it comes at a time: a byte of a header, an empty promise to go on
    (100 Continue). The time-out of a socket begins anew with every byte; when this one is over, the socket is shut from
    outside, and whatever waits for it ends. Gives the list for the sockets to watch.

    Raises
    ------
    TimeoutError : the time was over, whatever the reader made of it.
    """
    done, over, watched = threading.Event(), threading.Event(), []

    def watch() -> None:
        if done.wait(seconds):
            return
        over.set()
        while not done.wait(0.05):  # once more: it may have been connecting
            for one in watched:
                with contextlib.suppress(OSError):
                    # Not SSLSocket's own, which takes the cipher away from whoever reads.
                    socket.socket.shutdown(one, socket.SHUT_RDWR)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield watched
    except (OSError, http.client.HTTPException, ValueError):
        if over.is_set():
            raise TimeoutError from None
        raise
    finally:
        done.set()
    if over.is_set():
        raise TimeoutError


def _page(body: bytes, number: int) -> dict:
    """The page as JSON; half a page, or another one, is a failure."""
    broken = _Failed(Sentence("the answer was broken off"))
    page = _json(body)
    if not _is_page(page) or page["page"] != number:
        raise broken
    if page["pages"] > _MOST_PAGES:
        raise DataError(
            "The order API speaks of {pages:,} pages; more than {most:,} are not read. Ask for larger pages.",
            pages=page["pages"],
            most=_MOST_PAGES,
        )
    return {name: page[name] for name in ("page", "pages", "total", "orders")}


def _is_page(page: object) -> bool:
    return (
        isinstance(page, dict)
        and all(type(page.get(name)) is int and 0 <= page[name] < 2**53 for name in ("page", "pages", "total"))
        and isinstance(page.get("orders"), list)
        and all(isinstance(o, dict) and _id(o) not in ("None", "") for o in page["orders"])
    )


def _asked_to_wait(response: http.client.HTTPResponse) -> float:
    """Seconds of Retry-After, which are a number or a date (then counted from the server's own clock)."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isdecimal():
        return float(asked)
    try:
        until, now = parsedate_to_datetime(asked), parsedate_to_datetime(response.headers.get("Date", ""))
        return max(0.0, (until - now).total_seconds())
    except (TypeError, ValueError):
        return 0.0


# --- keeping ---------------------------------------------------------------------------------------------------------


class _Store:
    """The pages so far, in memory and, if it has a path, in a file to which each is added as one line."""

    def __init__(self, path: str | Path | None) -> None:
        self.path = None if path is None else Path(path)
        self.pages: list[dict] = []
        self._file = None
        if self.path is None:
            return
        if self.path.exists() and not self.path.is_file():
            raise DataError("{file} cannot be written: {why}.", file=self.name, why=Sentence("it is no file"))
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        except OSError as error:
            raise DataError("{file} cannot be written: {why}.", file=self.name, why=error.strerror) from None
        self._file = os.fdopen(handle, "r+b")
        try:
            self._load()
        except DataError:
            self.close()
            raise

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name if self.path else ""

    def _load(self) -> None:
        """Read what is there; a last line that was not written to its end is cut off."""
        whole = 0
        for number, line in enumerate(self._file):
            content = _json(line) if line.endswith(b"\n") else None
            expected = content == _HEADER if number == 0 else _is_page(content)
            if expected:
                self.pages += [content] if number else []
                whole += len(line)
            elif line.endswith(b"\n") or (number == 0 and not _line(_HEADER).startswith(line)):
                raise DataError(
                    "{file} is not a resume file of an order API (line {line:,}). Name another file.",
                    file=self.name,
                    line=number + 1,
                )
        self._file.seek(whole)
        self._file.truncate()
        if not whole:
            self._write(_HEADER)

    def keep(self, page: dict) -> None:
        """Add a page."""
        self.pages.append(page)
        if self._file:
            self._write(page)

    def _write(self, content: dict) -> None:
        self._file.write(_line(content))
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()


def _line(content: dict) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _json(text: bytes) -> object:
    """What JSON holds; None where it is none, or one that a table cannot hold (NaN, a thousand brackets)."""
    try:
        value = json.loads(text, parse_constant=_no_number)
        if re.search(rb"\\u[dD][89a-fA-F]", text):  # half a character cannot be written again
            whole = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            value = json.loads(whole)
    except (ValueError, RecursionError):
        return None
    return value


def _no_number(name: str) -> None:
    raise ValueError(name)


def _other_orders(store: _Store, page: int) -> DataError:
    return DataError(
        "The resume file {file} holds other orders than page {page:,} of the server does now. Delete it, or name "
        "another, and read from the first page.",
        file=store.name,
        page=page,
    )


# --- orders as a table -----------------------------------------------------------------------------------------------


def orders_frame(records: Sequence[dict]) -> pd.DataFrame:
    """Orders of an order API as a table of order lines in canonical columns, for `collect.read(frame, "orders")`.

    The money of an order is shared out over its lines in proportion to quantity × unit price, to the cent, so that the
    lines of an order add up to its totalAmount: repeated on every line, it would count several times.

    Parameters
    ----------
    records : orders with orderId, customerId, createdAt, totalAmount and lines (sku, title, category, qty, unitPrice);
        status, discountAmount, channel, storeId, promoId if known; camelCase or snake_case. An order without lines
        becomes one row without a product.

    Returns
    -------
    frame, one row a line: order_id, customer_id, ordered_at (text, as sent), status, channel, store_id, promo_id,
    product_id, product_name, category, quantity, unit_price, amount, discount (money of the line); the columns that no
    order has are left out

    Raises
    ------
    DataError : an order without id, date or total; a quantity or money that is no figure.
    """
    orders = [_snake(record) for record in records]
    for name in ("order_id", "created_at", "total_amount"):
        lacking = [number for number, order in enumerate(orders, 1) if name not in order]
        if lacking:
            raise DataError(
                "{n:,} {n:order has|orders have} no {field} (first: number {first}). These are not orders of an order "
                "API, or it calls the field something else.",
                n=len(lacking),
                field=name,
                first=first_few(lacking),
            )
    strange = [i for i, o in enumerate(orders, 1) if not _are_lines(o.get("lines") or [])]
    if strange:
        raise DataError(
            "{n:,} {n:order has|orders have} lines that are no list of records (first: number {first}). These are not "
            "orders of an order API.",
            n=len(strange),
            first=first_few(strange),
        )
    lines = [(i, _snake(line)) for i, o in enumerate(orders) for line in o.get("lines") or [{}]]
    at = np.array([i for i, _ in lines], dtype="int64")
    heads = pd.DataFrame({new: [o.get(old) for o in orders] for old, new in _ORDER.items()}, dtype=object)
    parts = pd.DataFrame({new: [line.get(old) for _, line in lines] for old, new in _LINE.items()}, dtype=object)
    out = pd.concat([heads.iloc[at].reset_index(drop=True), parts], axis=1)
    for name in ("quantity", "unit_price"):
        out[name] = _figures(out[name], name)
    worth = (out["quantity"].fillna(1) * out["unit_price"].fillna(0)).to_numpy(dtype="float64")
    out["amount"] = _shared_out(_figures([o["total_amount"] for o in orders], "total_amount"), at, worth)
    out["discount"] = _shared_out(_figures([o.get("discount_amount") for o in orders], "discount_amount"), at, worth)
    known = [c for c in out.columns if out[c].notna().any() or c in ("order_id", "customer_id", "ordered_at", "amount")]
    return out[known]


def _snake(record: dict) -> dict:
    return {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower(): value for name, value in record.items()}


def _are_lines(lines: object) -> bool:
    return isinstance(lines, list) and all(isinstance(line, dict) for line in lines)


def _figures(values: Iterable, name: str) -> pd.Series:
    values = list(values)
    figures = [_figure(value) for value in values]
    wrong = [value for value, figure in zip(values, figures, strict=True) if figure is None]
    if wrong:
        raise DataError(
            "{n:,} {n:value|values} of {field} {n:is no figure|are no figures} (first: {first}).",
            n=len(wrong),
            field=name,
            first=first_few(str(value)[:40] for value in wrong),
        )
    return pd.Series(figures, dtype="float64")


def _figure(value: object) -> float | None:
    """A figure; NaN where there is none, None where something else stands in its place."""
    if value is None:
        return math.nan
    try:
        figure = float(value) if isinstance(value, int | float | str) else math.inf
    except (ValueError, OverflowError):
        return None
    return figure if math.isfinite(figure) or figure is value else None


def _shared_out(totals: pd.Series, at: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """Each order's total over its lines (of order `at`) as they are worth: running shares to the cent, so that their
    differences add up to the total."""
    lines = pd.DataFrame({"order": at, "worth": worth})
    by_order = lines.groupby("order")["worth"]
    whole = by_order.transform("sum")
    even = (by_order.cumcount() + 1) / by_order.transform("size")
    share = (by_order.cumsum() / whole.where(whole > 0)).fillna(even)
    total = totals.to_numpy()[at]
    running = pd.Series(np.where(lines["order"].duplicated(keep="last"), (share * total).round(2), total))
    return (running - running.groupby(at).shift().fillna(0)).round(6).to_numpy()

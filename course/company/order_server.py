"""The order API of the company's app: pages of JSON from a server on this machine that fails as real ones do.

`GET /orders?page=N` gives {"page", "pages", "total", "orders"}, each order with its lines; `GET /health` says whether
the server is up. Orders are in the order they were given. Pages overlap, as they do where orders come in while a client
turns the pages: the last orders of a page are the first of the next. Every start has a bearer token of its own and a
port of its own on 127.0.0.1. Which request fails how is drawn by its number, so a client that asks one page at a time
meets the same failures every time.
"""

import hmac
import json
import random
import secrets
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pandas as pd

from course import schema
from course.errors import DataError

_IDLE = 30.0  # seconds after which a silent client is forgotten
_ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Faults:
    """Shares of requests for a page that fail, each in its own way. The rest is answered.

    Attributes
    ----------
    limit : 429, with Retry-After
    error : 500
    stall : no answer at all until the client gives up
    cut : the connection ends in the middle of the page
    short : half a page that claims to be a whole one
    hang_up : the connection ends without an answer
    """

    limit: float = 0.06
    error: float = 0.04
    stall: float = 0.02
    cut: float = 0.04
    short: float = 0.02
    hang_up: float = 0.02

    def __post_init__(self) -> None:
        if min(astuple(self)) < 0 or sum(astuple(self)) > 1:
            raise DataError("Faults are shares of requests: none below 0, together no more than 1.")


@dataclass(frozen=True)
class Api:
    """A running order API: `url` of the server, `token` that it asks for."""

    url: str
    token: str


@contextmanager
def serve(
    orders: Sequence[dict] | pd.DataFrame,
    *,
    per_page: int = 200,
    overlap: int = 5,
    faults: Faults | None = None,
    retry_after: int = 1,
    seed: int = 0,
) -> Iterator[Api]:
    """Serve orders until the block ends.

    Parameters
    ----------
    orders : what the API sends, one dictionary an order (`documents` gives their form), or a table of order lines. An
        order may be there twice, before and after a change.
    per_page : orders on a page.
    overlap : orders of a page that the next one repeats, fewer than per_page.
    faults : which requests fail; None: none.
    retry_after : seconds that a client over the limit is told to wait.
    seed : of the faults.

    Raises
    ------
    DataError : pages that do not advance; a table without the columns of order lines.
    """
    if not 0 <= overlap < per_page:
        raise DataError(
            "Pages of {per_page} orders cannot repeat {overlap}: at least one must be new.",
            per_page=per_page,
            overlap=overlap,
        )
    rows = documents(orders) if isinstance(orders, pd.DataFrame) else list(orders)
    server = _Server(rows, per_page, overlap, faults, retry_after, seed)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Api(f"http://127.0.0.1:{server.server_port}", server.token)
    finally:
        server.shutdown()
        thread.join()
        server.end()


def documents(lines: pd.DataFrame) -> list[dict]:
    """Order lines in canonical columns as the API sends them: one dictionary an order, oldest first.

    Parameters
    ----------
    lines : order_id, customer_id, ordered_at, amount (of the line), product_id; status, discount (of the line),
        channel, store_id, promo_id, product_name, category, quantity, unit_price where known. Times without a zone are
        those of China.

    Returns
    -------
    orderId, customerId, createdAt (ISO 8601 with its offset), status, totalAmount, discountAmount, channel, storeId,
    promoId, lines: sku, title, category, qty, unitPrice; null where blank
    """
    schema.require(lines, "orders", ("order_id", "customer_id", "ordered_at", "amount", "product_id"))
    columns = lines.copy(deep=False)
    times = columns["ordered_at"]
    columns["ordered_at"] = times.dt.tz_localize(_ZONE) if times.dt.tz is None else times.dt.tz_convert(_ZONE)
    columns = columns.sort_values(["ordered_at", "order_id"], kind="stable")
    heads = {"status": "status", "channel": "channel", "storeId": "store_id", "promoId": "promo_id"}
    parts = {"title": "product_name", "category": "category", "qty": "quantity", "unitPrice": "unit_price"}
    for name in (*heads.values(), *parts.values(), "discount"):
        columns[name] = columns.get(name)
    columns = columns.astype(object).where(columns.notna(), None)
    out = []
    for order_id, own in columns.groupby("order_id", sort=False):
        first = own.iloc[0]
        discount = own["discount"].dropna()
        out.append(
            {
                "orderId": order_id,
                "customerId": first["customer_id"],
                "createdAt": first["ordered_at"].isoformat(),
                "totalAmount": round(float(sum(own["amount"])), 6),
                "discountAmount": round(float(sum(discount)), 6) if len(discount) else None,
            }
            | {key: first[name] for key, name in heads.items()}
            | {
                "lines": [
                    {"sku": line["product_id"]} | {key: line[name] for key, name in parts.items()}
                    for line in own.to_dict("records")
                ]
            }
        )
    return out


class _Server(ThreadingHTTPServer):
    """Loopback only; ends without waiting for clients that keep their connection open."""

    daemon_threads = False  # the end waits for all of them
    request_queue_size = 64

    def __init__(
        self, rows: list[dict], per_page: int, overlap: int, faults: Faults | None, retry_after: int, seed: int
    ) -> None:
        step = per_page - overlap
        starts = range(0, max(len(rows) - overlap, 1), step) if rows else ()
        # NaN is no JSON: it is refused here, not sent for a client to choke on.
        self.pages = [json.dumps(rows[i : i + per_page], ensure_ascii=False, allow_nan=False) for i in starts]
        self.total = len({row.get("orderId", row.get("order_id")) for row in rows})
        self.token = secrets.token_urlsafe(24)
        self.faults, self.retry_after, self.seed = faults, retry_after, seed
        self.ending = threading.Event()
        self._requests = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def fault(self) -> str | None:
        """What happens to this request, drawn by its number."""
        with self._lock:
            number, self._requests = self._requests, self._requests + 1
        if not self.faults:
            return None
        names = (*self.faults.__dataclass_fields__, None)
        shares = astuple(self.faults)
        draw = random.Random(f"{self.seed}/{number}")
        return draw.choices(names, (*shares, max(0.0, 1 - sum(shares))))[0]

    def process_request(self, request: socket.socket, client_address: object) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: socket.socket, client_address: object) -> None:
        """A client that went away is no news."""

    def end(self) -> None:
        """Close what clients still hold open and wait for the threads."""
        self.ending.set()
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # gone by itself
                    continue
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE
    disable_nagle_algorithm = True  # headers and body are two packets: the second would wait for the first's receipt
    server: _Server

    def log_message(self, *args: object) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/health":
            return self._send(200, '{"status": "ok"}')
        if address.path != "/orders":
            return self._send(404, '{"error": "there is no such resource"}')
        given = self.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self.server.token}".encode()):
            return self._send(401, '{"error": "no valid token"}', {"WWW-Authenticate": "Bearer"})
        page = parse_qs(address.query).get("page", ["1"])[-1]
        if page not in map(str, range(1, max(1, len(self.server.pages)) + 1)):
            return self._send(400, '{"error": "there is no such page"}')
        self._answer(self._page(int(page)))

    def _page(self, page: int) -> str:
        pages = self.server.pages
        orders = pages[page - 1] if pages else "[]"
        return f'{{"page": {page}, "pages": {len(pages)}, "total": {self.server.total}, "orders": {orders}}}'

    def _answer(self, body: str) -> None:
        fault = self.server.fault()
        if fault == "limit":
            self._send(429, '{"error": "too many requests"}', {"Retry-After": str(self.server.retry_after)})
        elif fault == "error":
            self._send(500, '{"error": "internal error"}')
        elif fault == "short":
            self._send(200, body[: len(body) // 2])
        elif fault == "cut":
            self._send(200, body, sent=0.5)
        elif fault == "stall":
            self.server.ending.wait(_IDLE)
            self.close_connection = True
        elif fault == "hang_up":
            self.close_connection = True
        else:
            self._send(200, body)

    def _send(self, status: int, body: str, headers: dict[str, str] | None = None, *, sent: float = 1.0) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: int(len(data) * sent)])
        self.close_connection = self.close_connection or sent < 1

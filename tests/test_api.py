"""The order API and its client: real sockets, every failure, nothing lost and nothing twice."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import DataError, collect
from course.collect import api
from course.company.order_server import Faults, documents, serve
from tests.conftest import ROOT

NONE = dict.fromkeys(Faults.__dataclass_fields__, 0.0)
ORDERS = [
    {
        "orderId": f"L{n:04d}",
        "customerId": f"u{n % 17}",
        "createdAt": f"2024-03-{1 + n // 24:02d}T{n % 24:02d}:30:00+08:00",
        "status": "已完成",
        "totalAmount": 10.0 + n,
        "lines": [{"sku": "T1", "title": "绿茶", "category": "tea", "qty": 2, "unitPrice": 5.0 + n / 2}],
    }
    for n in range(60)
]


def quick(served, **options):
    """Fetch without real waiting."""
    return api.fetch(served.url, served.token, **{"sleep": lambda seconds: None, "timeout": 5.0} | options)


def ask(served, path, token=None):
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=5)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token or served.token}"})
    response = connection.getresponse()
    got = response.status, json.loads(response.read())
    connection.close()
    return got


@contextmanager
def scripted(*answers):
    """A server that gives these answers in turn, and the last for ever: (status, headers, body) or what to do."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            asked.append(self.path)
            answer = answers[min(len(asked), len(answers)) - 1]
            if callable(answer):
                return answer(self)
            status, headers, body = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page_of(orders, page=1, pages=1, total=None):
    return {"page": page, "pages": pages, "total": len(orders) if total is None else total, "orders": orders}


# --- the server ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("per_page", "overlap"), [(7, 0), (7, 3), (7, 6), (1, 0), (60, 5), (500, 5)])
def test_pages_overlap_and_together_hold_every_order(per_page, overlap):
    with serve(ORDERS, per_page=per_page, overlap=overlap) as served:
        _, first = ask(served, "/orders")
        pages = [ask(served, f"/orders?page={n}")[1] for n in range(1, first["pages"] + 1)]
    assert pages[0] == first
    assert first["total"] == 60
    assert all(len(page["orders"]) <= per_page for page in pages)
    for before, after in pairwise(pages):
        assert before["orders"][per_page - overlap :] == after["orders"][:overlap]
    assert [o for i, page in enumerate(pages) for o in page["orders"][overlap * (i > 0) :]] == ORDERS


def test_without_its_token_the_server_says_nothing():
    with serve(ORDERS) as served, serve(ORDERS) as other:
        assert served.token != other.token
        for token in (other.token, served.token[:-1], "", "ü"):
            connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=5)
            connection.request("GET", "/orders", headers={"Authorization": f"Bearer {token}"})
            assert connection.getresponse().status == 401
            connection.close()
        assert ask(served, "/health", token="x") == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("path", "status"),
    [("/orders?page=0", 400), ("/orders?page=9999", 400), ("/orders?page=x", 400), ("/customers", 404), ("/", 404)],
)
def test_what_is_not_there_is_refused(path, status):
    with serve(ORDERS) as served:
        assert ask(served, path)[0] == status


def test_the_server_listens_on_this_machine_alone_and_leaves_nothing_behind():
    threads = threading.active_count()
    with serve(ORDERS, faults=Faults(**NONE | {"stall": 1.0})) as served:
        host, port = served.url.removeprefix("http://").split(":")
        assert host == "127.0.0.1"
        idle = socket.create_connection((host, int(port)))
        silent = socket.create_connection((host, int(port)))
        silent.sendall(f"GET /orders HTTP/1.1\r\nAuthorization: Bearer {served.token}\r\n\r\n".encode())
        time.sleep(0.05)
        began = time.monotonic()
    assert time.monotonic() - began < 2  # neither the idle client nor the stalled one is waited for
    assert threading.active_count() == threads
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=1)
    idle.close()
    silent.close()


@pytest.mark.parametrize("overlap", [-1, 7, 8])
def test_pages_that_do_not_advance_are_refused(overlap):
    with pytest.raises(DataError, match="7 orders cannot repeat"), serve(ORDERS, per_page=7, overlap=overlap):
        pass


@pytest.mark.parametrize("shares", [{"limit": -0.1}, {"error": 0.5, "cut": 0.6}])
def test_faults_are_shares(shares):
    with pytest.raises(DataError, match="shares"):
        Faults(**NONE | shares)


# --- nothing lost, nothing twice -------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", list(NONE))
def test_of_each_failure_alone_nothing_is_lost(fault):
    with serve(ORDERS, per_page=10, overlap=3, faults=Faults(**NONE | {fault: 0.5})) as served:
        got = quick(served, timeout=0.05 if fault == "stall" else 5.0, attempts=60)
    assert got.records == ORDERS
    assert got.repeated == 3 * (got.pages - 1)
    assert got.retries > 0


def test_hundreds_of_runs_through_every_failure_at_once():
    # benchmarks/api_client.py runs a thousand and more. The chance that one page fails sixteen times is 1e-8.
    failures = Faults(limit=0.08, error=0.06, stall=0.003, cut=0.06, short=0.05, hang_up=0.05)
    rng, retries = random.Random(1), 0
    for seed in range(300):
        overlap = rng.randrange(5)
        with serve(ORDERS, per_page=overlap + 5, overlap=overlap, faults=failures, seed=seed) as served:
            got = quick(served, timeout=0.1, attempts=16, random_state=seed)
        assert got.records == ORDERS
        retries += got.retries
    assert retries > 1000


def test_the_same_seed_meets_the_same_failures_and_waits_the_same_times():
    waits = []
    for seed in (4, 4, 5):
        waited = []
        with serve(ORDERS, per_page=5, overlap=1, faults=Faults(**NONE | {"error": 0.4}), seed=seed) as served:
            quick(served, sleep=waited.append, attempts=30, random_state=9)
        waits.append(waited)
    assert waits[0] == waits[1] != waits[2]


def test_no_orders_are_no_failure():
    with serve([]) as served:
        got = quick(served)
    assert (got.records, got.total, got.notes) == ([], 0, [])


def test_an_order_that_changed_meanwhile_counts_once_in_its_latest_version():
    old = ORDERS[3] | {"status": "待发货", "updatedAt": "2024-03-05T09:00:00+08:00"}
    new = ORDERS[3] | {"status": "已退款", "updatedAt": "2024-03-05T02:00:00Z"}  # an hour later
    for first, second in ((old, new), (new, old)):
        with serve([*ORDERS[:3], first, *ORDERS[4:20], second], per_page=6, overlap=0) as served:
            got = quick(served)
        assert len(got.records) == got.total == 20
        assert got.records[3] == new
        assert got.changed == ["L0003"]
        assert "1 order came in more than one version (first: L0003)" in str(got.notes[0])
    # Without a date of change the one that came last counts.
    with serve([ORDERS[0], ORDERS[0] | {"status": "已退款"}]) as served:
        assert quick(served).records[0]["status"] == "已退款"


def test_a_number_of_orders_that_is_not_the_server_s_is_refused(tmp_path):
    answer = (200, {}, page_of(ORDERS[:5], total=6))
    with scripted(answer) as (url, _):
        with pytest.raises(DataError, match=r"6 orders, but 5 different ones .* Read again"):
            api.fetch(url, "secret")
        with pytest.raises(DataError, match=r"Delete the resume file pages\.jsonl"):
            api.fetch(url, "secret", resume=tmp_path / "pages.jsonl")


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b"[]"),
        (200, {}, b'{"page": 1}'),
        (200, {}, b"\xff\xfe"),
        (200, {}, page_of(ORDERS[:2], page=2, pages=2)),
        (200, {}, page_of([{"customerId": "u1"}])),
        (200, {"Content-Length": "100000"}, page_of(ORDERS[:2])),
        (503, {}, b""),
        lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"),
    ],
)
def test_any_answer_that_is_no_page_is_asked_for_again(answer):
    with scripted(answer, answer, (200, {}, page_of(ORDERS[:2]))) as (url, asked):
        got = api.fetch(url, "secret", sleep=lambda seconds: None)
    assert got.records == ORDERS[:2]
    assert (got.retries, len(asked)) == (2, 3)


def test_a_server_that_sends_a_byte_at_a_time_does_not_hold_the_client():
    stop = threading.Event()

    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not stop.wait(0.02):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return

    with scripted(drip, (200, {}, page_of(ORDERS[:2]))) as (url, _):
        began = time.monotonic()
        got = api.fetch(url, "secret", timeout=0.2, sleep=lambda seconds: None)
        stop.set()
    assert (got.records, got.retries) == (ORDERS[:2], 1)
    assert time.monotonic() - began < 3


def _drips(*pieces: bytes):
    """What a handler does that sends these and then the last of them for ever, a little at a time."""

    def answer(handler):
        until = time.monotonic() + 5
        for piece in pieces[:-1]:
            handler.wfile.write(piece)
        while time.monotonic() < until:
            try:
                handler.wfile.write(pieces[-1])
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(0.02)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        _drips(b"H"),
        _drips(b"HTTP/1.1 200 OK\r\n", b"x"),
        _drips(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
        _drips(b"HTTP/1.1 100 Continue\r\n\r\n"),
        _drips(b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000),
        _drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        _drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
        _drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1;", b"x"),
        _drips(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        _drips(b"HTTP/1.0 200 OK\r\n\r\n", b" " * 100_000),
    ],
)
def test_whatever_comes_a_little_at_a_time_the_request_ends_in_its_time(answer):
    with scripted(answer, (200, {}, page_of(ORDERS[:2]))) as (url, _):
        began = time.monotonic()
        got = api.fetch(url, "secret", timeout=0.5, sleep=lambda seconds: None)
        took = time.monotonic() - began
    assert (got.records, got.retries) == (ORDERS[:2], 1)
    assert took < 3


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"page": 1, "pages": 1, "total": 1, "orders": [{"orderId": ' + b"[" * 100_000 + b"}]}",
        b'{"page": 1, "pages": 1, "total": 1, "orders": [{"orderId": 1, "totalAmount": NaN}]}',
        b'{"page": 1, "pages": 1, "total": ' + b"9" * 5000 + b', "orders": []}',
        b'{"page": 1, "pages": 1, "total": -1, "orders": []}',
        b'{"page": 1, "pages": 1, "total": 1, "orders": [7]}',
        b'{"page": true, "pages": 1, "total": 0, "orders": []}',
    ],
    ids=range(7),
)
def test_a_body_that_is_no_page_of_orders_is_refused_in_a_sentence(body):
    with scripted((200, {}, body)) as (url, asked), pytest.raises(DataError, match="the answer was broken off"):
        api.fetch(url, "secret", attempts=2, sleep=lambda seconds: None)
    assert len(asked) == 2


def test_pages_without_an_end_are_refused():
    with (
        scripted((200, {}, page_of(ORDERS[:2], pages=10**9))) as (url, _),
        pytest.raises(DataError, match="more than 100,000 are not read"),
    ):
        api.fetch(url, "secret", sleep=lambda seconds: None)


def test_half_a_character_is_kept_as_one_that_can_be_written(tmp_path):
    body = json.dumps(page_of([ORDERS[0] | {"orderId": "\ud800"}])).encode()
    with scripted((200, {}, body)) as (url, _):
        got = api.fetch(url, "secret", resume=tmp_path / "pages")
    assert got.records[0]["orderId"] == "\ufffd"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lines": [1]}, "lines that are no list of records"),
        ({"lines": {"sku": 1}}, "lines that are no list of records"),
        ({"lines": "T1"}, "lines that are no list of records"),
        ({"totalAmount": [1]}, "no figure"),
        ({"totalAmount": 10**400}, "no figure"),
        ({"totalAmount": "1e999"}, "no figure"),
        ({"lines": [{"qty": {}}]}, "no figure"),
    ],
)
def test_orders_of_another_make_are_refused_in_a_sentence(change, words):
    with pytest.raises(DataError, match=words):
        api.orders_frame([ORDERS[0], ORDERS[1] | change])


# --- waiting ---------------------------------------------------------------------------------------------------------


def test_waiting_times_double_with_full_jitter_and_never_pass_the_limit():
    longest = [0.0] * 9
    for seed in range(200):
        waited = []
        with pytest.raises(DataError, match="failed 10 times, the last time because the connection broke"):
            # Nobody listens on port 1.
            api.fetch("http://127.0.0.1:1", "t", sleep=waited.append, attempts=10, random_state=seed)
        assert len(waited) == 9
        longest = [max(pair) for pair in zip(longest, waited, strict=True)]
    for most, limit in zip(longest, [0.5, 1, 2, 4, 8, 16, 30, 30, 30], strict=True):
        assert 0.9 * limit < most <= limit  # the whole range is used


def test_retry_after_in_seconds_and_as_a_date_is_waited_for():
    date = {"Date": "Wed, 21 Oct 2015 07:28:00 GMT", "Retry-After": "Wed, 21 Oct 2015 07:29:10 GMT"}

    def dated(handler):
        handler.send_response_only(429)  # without the date of today
        for name, value in date.items():
            handler.send_header(name, value)
        handler.end_headers()

    waited = []
    good = (200, {}, page_of(ORDERS[:2]))
    with scripted((429, {"Retry-After": "7"}, b""), dated, (429, {"Retry-After": "soon"}, b""), good) as (url, _):
        api.fetch(url, "secret", sleep=waited.append)
    assert 7 <= waited[0] <= 7.5
    assert 70 <= waited[1] <= 71
    assert 0 <= waited[2] <= 2


def test_a_server_that_wants_an_hour_is_not_waited_for():
    said = pytest.raises(DataError, match=r"failed 1 time, .* the server answered 429")
    with scripted((429, {"Retry-After": "3600"}, b"")) as (url, asked), said:
        api.fetch(url, "secret", sleep=lambda seconds: pytest.fail("waited"))
    assert len(asked) == 1


# --- going on --------------------------------------------------------------------------------------------------------


def test_what_was_read_stays_and_the_next_call_goes_on(tmp_path):
    file, seen = tmp_path / "orders.jsonl", []
    pages = [(200, {}, page_of(ORDERS[n : n + 10], n // 10 + 1, 6, 60)) for n in (0, 10, 20)]
    with scripted(*pages, (500, {}, b"")) as (url, _), pytest.raises(DataError) as given_up:
        api.fetch(url, "secret", resume=file, sleep=lambda seconds: None)
    assert str(given_up.value) == (
        "Page 4 of the order API failed 8 times, the last time because the server answered 500. The 3 pages before it "
        "are in orders.jsonl: the same call goes on from there."
    )
    with serve(ORDERS, per_page=10, overlap=0) as served:
        got = quick(served, resume=file, progress=lambda page, pages: seen.append((page, pages)))
        assert got.records == ORDERS
        assert seen == [(3, 6), (4, 6), (5, 6), (6, 6)]  # the last page that was kept is read again
        assert quick(served, resume=file).records == ORDERS  # a complete file is no hindrance
    if os.name == "posix":
        assert file.stat().st_mode & 0o077 == 0


def test_without_a_file_the_error_says_how_to_have_one():
    with scripted((500, {}, b"")) as (url, _), pytest.raises(DataError, match="Nothing was kept: name a file"):
        api.fetch(url, "secret", sleep=lambda seconds: None)


def test_orders_that_came_meanwhile_are_read_on_resuming(tmp_path):
    with serve(ORDERS[:25], per_page=10, overlap=0) as served:
        assert quick(served, resume=tmp_path / "f").total == 25
    with serve(ORDERS, per_page=10, overlap=0) as served:
        assert quick(served, resume=tmp_path / "f").records == ORDERS


def test_a_file_cut_off_at_any_byte_goes_on_and_loses_nothing(tmp_path):
    few = ORDERS[:6]
    with serve(few, per_page=2, overlap=0) as served:
        quick(served, resume=tmp_path / "whole")
        whole = (tmp_path / "whole").read_bytes()
        for end in range(0, len(whole), 7):
            (tmp_path / "cut").write_bytes(whole[:end])
            assert quick(served, resume=tmp_path / "cut").records == few
            assert (tmp_path / "cut").read_bytes() == whole
        # A page longer than all that follows was being written.
        (tmp_path / "cut").write_bytes(whole[: whole.rindex(b'{"page":3')] + b'{"page":3,' + b" " * 9999)
        assert quick(served, resume=tmp_path / "cut").records == few
        assert (tmp_path / "cut").read_bytes() == whole


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_a_client_killed_in_the_middle_goes_on_and_loses_nothing(tmp_path):
    file = tmp_path / "orders.jsonl"
    code = (
        "import os, sys, time\n"
        "from course.collect import api\n"
        "def told(page, pages):\n"
        "    print(page, flush=True)\n"
        "    time.sleep(0.03)\n"
        "api.fetch(sys.argv[1], os.environ['TOKEN'], resume=sys.argv[2], progress=told)\n"
    )
    with serve(ORDERS, per_page=3, overlap=1) as served:
        command = [sys.executable, "-c", code, served.url, str(file)]
        environment = os.environ | {"TOKEN": served.token}
        for kills in (4, 2, 3):  # killed, resumed, killed again
            client = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
            for _ in range(kills):
                assert client.stdout.readline()
            client.send_signal(signal.SIGKILL)
            assert client.wait() == -signal.SIGKILL
            client.stdout.close()
        kept = len(file.read_bytes().splitlines())
        assert 6 < kept < 30
        got = quick(served, resume=file)
    assert got.records == ORDERS
    assert served.token.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    "content", [b"my own notes\n", b"my own notes", b'{"orders":"page by page","version":1}\n[]\n']
)
def test_a_file_that_is_no_resume_file_is_refused_and_left_alone(tmp_path, content):
    (tmp_path / "notes").write_bytes(content)
    with serve(ORDERS) as served, pytest.raises(DataError, match="notes is not a resume file"):
        quick(served, resume=tmp_path / "notes")
    assert (tmp_path / "notes").read_bytes() == content


def test_a_resume_file_of_other_orders_is_refused_and_left_alone(tmp_path):
    with serve(ORDERS[:30]) as served:
        quick(served, resume=tmp_path / "f")
    before = (tmp_path / "f").read_bytes()
    with serve(ORDERS[30:]) as served, pytest.raises(DataError, match="f holds other orders than page 1"):
        quick(served, resume=tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == before


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    with serve(ORDERS) as served, pytest.raises(DataError, match="cannot be written"):
        quick(served, resume=tmp_path / "no" / "such" / "folder")


# --- the token -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 404, 302, 429, 500])
def test_the_token_is_in_no_error_and_no_file(tmp_path, status):
    token = "s3cret-t0ken"
    answer = (status, {"Location": "http://127.0.0.1:1/orders", "Retry-After": "0"}, b"")
    with scripted(answer) as (url, asked), pytest.raises(DataError) as refusal:
        api.fetch(url, token, resume=tmp_path / "f", sleep=lambda seconds: None)
    assert len(asked) == (8 if status in (429, 500) else 1)  # no redirect is followed, what is final is not repeated
    said = "".join(traceback.format_exception(refusal.value)) + refusal.value.sentence.say("zh")
    assert token not in said
    assert token.encode() not in (tmp_path / "f").read_bytes()


@pytest.mark.parametrize("token", ["s3cret\n", "s3cret t0ken", "s3crét", ""])
def test_a_token_that_cannot_be_sent_is_refused_without_saying_it(token):
    with pytest.raises(DataError, match="The token holds") as refusal:
        api.fetch("http://127.0.0.1:1", token)
    assert not token or token.strip() not in str(refusal.value) + refusal.value.sentence.say("zh")
    assert refusal.value.__cause__ is refusal.value.__context__ is None


@pytest.mark.parametrize(
    "url", ["http://example.com", "ftp://127.0.0.1", "127.0.0.1:80", "", "http://127.0.0.1:x", "http://["]
)
def test_a_token_is_not_sent_in_the_clear(url):
    with pytest.raises(DataError, match="https://"):
        api.fetch(url, "secret")


# --- orders as a table -----------------------------------------------------------------------------------------------

money = st.integers(-(10**6), 10**6).map(lambda cents: cents / 100)
lines_of = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 10**5).map(lambda c: c / 100)), max_size=6)


@settings(max_examples=40)
@given(st.lists(st.tuples(money, lines_of), min_size=1, max_size=8))
def test_lines_add_up_to_their_order_to_the_cent(orders):
    records = [
        {"orderId": str(i), "customerId": "c", "createdAt": "2024-01-01T00:00:00+08:00", "totalAmount": total}
        | {"lines": [{"sku": "s", "qty": q, "unitPrice": p} for q, p in lines]}
        for i, (total, lines) in enumerate(orders)
    ]
    frame = api.orders_frame(records)
    for i, (total, lines) in enumerate(orders):
        own = frame[frame["order_id"] == str(i)]
        assert len(own) == max(1, len(lines))
        assert round(sum(own["amount"]), 2) == total
        worth = sum(q * p for q, p in lines)
        for amount, (q, p) in zip(own["amount"], lines, strict=False):
            share = total * q * p / worth if worth else total / len(lines)
            assert abs(amount - share) < 0.0101


def test_a_record_in_either_spelling_becomes_lines():
    camel = {
        "orderId": "1", "customerId": "u", "createdAt": "2024-01-01T08:00:00+08:00", "status": "completed",
        "totalAmount": 90.0, "discountAmount": 10.0, "channel": "app", "storeId": None, "promoId": "P1", "extra": {},
        "lines": [
            {"sku": "a", "title": "茶", "category": "tea", "qty": 1, "unitPrice": 50.0},
            {"sku": "b", "title": "杯", "category": "home", "qty": 2, "unitPrice": 25.0},
        ],
    }  # fmt: skip
    snake = {
        "order_id": "1", "customer_id": "u", "created_at": "2024-01-01T08:00:00+08:00", "status": "completed",
        "total_amount": 90.0, "discount_amount": 10.0, "channel": "app", "promo_id": "P1",
        "lines": [
            {"sku": "a", "title": "茶", "category": "tea", "qty": 1, "unit_price": 50.0},
            {"sku": "b", "title": "杯", "category": "home", "qty": 2, "unit_price": 25.0},
        ],
    }  # fmt: skip
    frame = api.orders_frame([camel])
    pd.testing.assert_frame_equal(frame, api.orders_frame([snake]))
    assert frame[["amount", "discount"]].to_numpy().tolist() == [[45, 5], [45, 5]]
    assert "store_id" not in frame
    table = collect.read(frame, "orders")
    assert table.mapping == {name: name for name in frame.columns}
    assert table.notes == []
    assert table.has_lines
    assert table.totals.loc[0, ["rows", "orders", "money"]].tolist() == [2, 1, 90]
    assert table.frame["ordered_at"].tolist() == [pd.Timestamp("2024-01-01 08:00")] * 2


def test_an_order_without_lines_keeps_its_money():
    frame = api.orders_frame([{"orderId": "1", "customerId": None, "createdAt": "2024-01-01", "totalAmount": "12.50"}])
    assert frame["amount"].tolist() == [12.5]
    assert list(frame.columns) == ["order_id", "customer_id", "ordered_at", "amount"]
    assert list(api.orders_frame([]).columns) == list(frame.columns)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"orderId": "1", "createdAt": "2024-01-01"}, r"1 order has no total_amount \(first: number 1\)"),
        ({"id": "1", "createdAt": "2024-01-01", "totalAmount": 1}, "no order_id"),
        ({"orderId": "1", "createdAt": "2024-01-01", "totalAmount": "much"}, "1 value of total_amount is no figure"),
        (
            {"orderId": "1", "createdAt": "x", "totalAmount": 1, "lines": [{"sku": "a", "qty": "two", "unitPrice": 1}]},
            "quantity",
        ),
    ],
)
def test_records_that_are_no_orders_are_refused(record, words):
    with pytest.raises(DataError, match=words):
        api.orders_frame([record])


def test_a_table_of_lines_comes_back_from_the_api_as_it_was():
    lines = pd.DataFrame(
        {
            "order_id": ["1", "1", "2", "3"],
            "customer_id": ["a", "a", "b", "a"],
            "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-03"])
            + pd.Timedelta(hours=9.5),
            "status": ["completed", "completed", "refunded", "completed"],
            "channel": ["app", "app", "app", None],
            "product_id": ["x", "y", "x", "z"],
            "product_name": ["茶", "杯", "茶", "糖"],
            "category": ["tea", "home", "tea", "snacks"],
            "quantity": [1.0, 2.0, 3.0, 1.0],
            "unit_price": [10.0, 5.0, 10.0, 0.3],
            "amount": [10.0, 10.0, 30.0, 0.3],
            "discount": [1.0, 1.0, 0.0, 0.0],
        }
    )
    with serve(lines.sample(frac=1, random_state=3).sort_values("product_id"), per_page=2, overlap=1) as served:
        got = collect.read(api.orders_frame(quick(served).records), "orders").frame
    pd.testing.assert_frame_equal(got[lines.columns], lines, check_dtype=False)
    zoned = lines.assign(ordered_at=lines["ordered_at"].dt.tz_localize("Asia/Shanghai").dt.tz_convert("UTC"))
    assert documents(zoned) == documents(lines)
    assert documents(lines)[1]["createdAt"] == "2024-01-02T09:30:00+08:00"


@settings(max_examples=20)
@given(st.integers(1, 12), st.integers(0, 11), st.integers(0, 40))
def test_any_size_of_page_and_overlap_gives_every_order_once(per_page, overlap, n):
    with serve(ORDERS[:n], per_page=per_page, overlap=min(overlap, per_page - 1)) as served:
        got = quick(served)
    assert got.records == ORDERS[:n]

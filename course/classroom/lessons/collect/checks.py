"""What is looked at in the answers of lesson 02."""

import pandas as pd

from course.classroom.answers import Mistake, column, equals, exercise, number, side, told
from course.language import Sentence

#: Money may be rounded to whole yuan, a percentage to one place; known mistakes are told apart to the cent.
_CENT, _YUAN, _TENTH = 0.006, 0.5 + 1e-6, 0.05 + 1e-9
_GAP = pd.Timedelta(minutes=30)
_SECONDS = 20
_ONE_STATUS = Sentence("Orders of one status are left out. A control total counts what was sent, whatever its status.")
_TYPED = Sentence("The phones were compared as they were typed. Compare the column key.")
_MULTIPLIED = Sentence(
    "The rows multiplied: a number that stands twice here and three times there gives six. Each once."
)
_EVERY_ROW = Sentence("Every row of the tills is in the base, those without a number and repeated numbers too.")


@exercise(
    "collect-1",
    answers=("orders_once", "money_once"),
    given=("pages",),
    right=Sentence(
        "As many as the server says. The money rests on the same rows; now see what adding up would have booked."
    ),
)
def once(orders: object, money: object, pages: pd.DataFrame) -> None:
    """Different orders on all pages, and their money."""
    orders, money = number(orders, "orders_once"), number(money, "money_once")
    each = pages.drop_duplicates("orderId")
    repeated = pages["orderId"].duplicated(keep=False)
    completed = each[each["status"] == "completed"]
    kept = each[~each["status"].isin(["cancelled", "unpaid"])]
    wrong_rows = {
        Sentence("Every row was counted, and the orders at the edge of a page stand on two."): pages,
        Sentence(
            "Rows that came twice still differ in page, so they are not duplicates as whole rows. Which column makes "
            "an order this order?"
        ): pages.drop_duplicates(),
        Sentence("Customers were counted, not orders: a customer may order again."): pages.drop_duplicates(
            "customerId"
        ),
        Sentence("Both copies were dropped. One of the two must stay."): pages[~repeated],
        Sentence("Only completed orders are in. A control total counts what was sent, whatever its status."): completed,
        Sentence("What was not paid is left out. A control total counts what was sent, whatever its status."): kept,
        Sentence(
            "Orders of one customer with the same amount were taken for the same order. Some people buy the same again."
        ): pages.drop_duplicates(["customerId", "totalAmount"]),
        Sentence("Equal amounts were taken for the same order. Go by the order's number."): pages.drop_duplicates(
            "totalAmount"
        ),
        Sentence("Only what came twice is in. Each order once is asked for, those that came once included."): (
            pages[pages["orderId"].duplicated()]
        ),
    }
    known = [*wrong_rows.items(), *((_ONE_STATUS, each[each["status"] != s]) for s in each["status"].unique())]
    equals(orders, len(each), "orders_once", [(sentence, len(rows)) for sentence, rows in known])
    truth = each["totalAmount"].sum()
    if abs(money - truth) <= _YUAN:
        return
    mistakes = [
        (
            Sentence("The orders are right; the money is still that of every row on every page."),
            pages["totalAmount"].sum(),
        ),
        *((sentence, rows["totalAmount"].sum()) for sentence, rows in known),
        (Sentence("That is the money of one order on average. The sum is asked for."), truth / len(each)),
        (Sentence("totalAmount is in yuan already; it was divided by 100."), truth / 100),
        (Sentence("That is in ten thousands of yuan. Give yuan."), truth / 1e4),
    ]
    told(money, truth, mistakes, _CENT)
    raise Mistake("{name} is {side}.", name="money_once", side=side(money, truth))


@exercise(
    "collect-2",
    answers=("also_app", "all_three"),
    given=("crm", "app", "cards"),
    right=Sentence(
        "Each number once, and the base is said. Numbers, not people: families share some, slips of the finger hide "
        "others."
    ),
)
def in_which(share: object, count: object, crm: pd.DataFrame, app: pd.DataFrame, cards: pd.DataFrame) -> None:
    """Of the tills' numbers, the percentage in the app; numbers in all three systems."""
    if any("key" not in table for table in (crm, app, cards)):
        raise Mistake("A table has no column key any more. Run the cell that makes it once more.")
    share, count = number(share, "also_app"), number(count, "all_three")
    keys = {name: t["key"].dropna() for name, t in (("crm", crm), ("app", app), ("cards", cards))}
    sets = {name: set(k) for name, k in keys.items()}
    both = len(sets["cards"] & sets["app"])
    truth = 100 * both / len(sets["cards"])
    in_app = cards["key"].dropna().isin(sets["app"])
    mistakes = {
        Sentence("That is a share. A percentage is asked for, from 0 to 100."): truth / 100,
        Sentence("The base is the app here: of its numbers, how many are at the tills. It was asked the other way."): (
            100 * both / len(sets["app"])
        ),
        Sentence("The base is all numbers of both systems together. Divide by those at the tills alone."): (
            100 * both / len(sets["cards"] | sets["app"])
        ),
        Sentence("Cards were counted, not numbers: families share one phone, and such a number counts once."): (
            100 * in_app.mean()
        ),
        _EVERY_ROW: 100 * in_app.sum() / len(cards),
        Sentence("The base holds a blank, which is no number. Drop blanks first."): 100
        * both
        / (len(sets["cards"]) + 1),
        Sentence("The blank counts as a number that both have. Drop blanks first."): (
            100 * (both + 1) / (len(sets["cards"]) + 1)
        ),
        Sentence("That is the share in the CRM. The app is asked for."): (
            100 * len(sets["cards"] & sets["crm"]) / len(sets["cards"])
        ),
        Sentence("That is the number of phones in both. Divide by the numbers at the tills."): both,
        Sentence("0: card numbers and user names never meet. Compare the column key."): 0.0,
    }
    known = [*mistakes.items(), (_EVERY_ROW, 100 * both / len(cards))]
    met = [len(t.merge(u, on="key")) for t, u in ((cards, app), (cards.dropna(subset="key"), app.dropna(subset="key")))]
    known += [
        (_MULTIPLIED, 100 * n / base) for n in met for base in (len(cards), len(keys["cards"]), len(sets["cards"]))
    ]
    phones = [t["phone"] if "phone" in t else t["key"] for t in (cards, app, crm)]
    typed = [phones[0], phones[0].drop_duplicates(), phones[0].dropna().drop_duplicates()]
    known += [(_TYPED, 100 * p.isin(phones[1]).mean()) for p in typed]
    if not told(share, truth, known) and abs(share - truth) > _TENTH:
        if float(share).is_integer() and abs(share - truth) <= 0.5:
            raise Mistake("That is rounded to a whole percent. Keep one decimal place.")
        raise Mistake("{name} is {side}.", name="also_app", side=side(share, truth))
    three = sets["cards"] & sets["app"] & sets["crm"]
    rows = in_app & cards["key"].dropna().isin(sets["crm"])
    merged = keys["cards"].to_frame().merge(keys["app"].to_frame()).merge(keys["crm"].to_frame())
    counts = {
        _MULTIPLIED: len(merged),
        Sentence(
            "Cards were counted, not numbers: families share one phone, and such a number counts once."
        ): rows.sum(),
        Sentence("The blank was counted as a number that all three have."): len(three) + 1,
        Sentence("Those are the numbers in both app and tills. The CRM must know them too."): both,
        Sentence("Those are the numbers in both CRM and tills. The app must know them too."): (
            len(sets["cards"] & sets["crm"])
        ),
        Sentence("Those are the numbers in both CRM and app. The tills must know them too."): (
            len(sets["crm"] & sets["app"])
        ),
        Sentence("Those are the numbers that any of the three knows. All three are asked for."): (
            len(sets["cards"] | sets["app"] | sets["crm"])
        ),
        Sentence("Those are the tills' numbers that one of the other two knows, or both. Both must: & for |."): (
            len(sets["cards"] & (sets["app"] | sets["crm"]))
        ),
        Sentence("That is the share at the tills. The number is asked for."): len(three) / len(sets["cards"]),
        Sentence("That is a percentage of the tills' numbers. How many are they?"): 100
        * len(three)
        / len(sets["cards"]),
        _TYPED: (typed[2].isin(phones[1]) & typed[2].isin(phones[2])).sum(),
    }
    equals(count, len(three), "all_three", counts)


@exercise(
    "collect-3",
    answers=("bad",),
    given=("asked",),
    right=Sentence(
        "Not asked, not answered and cannot say are three different things; only the impossible is set aside."
    ),
)
def set_aside(answer: object, asked: pd.DataFrame) -> None:
    """Rows that break one of three rules."""
    if isinstance(answer, pd.DataFrame) and answer.shape[1] > 1:
        raise Mistake("bad should be one column of True and False. Keep the rows of asked; do not filter them.")
    marks = column(answer, "bad")
    if len(marks) != len(asked) or not marks.index.isin(asked.index).all():
        raise Mistake("bad needs one value for every row of asked, True or False. Mark the rows; do not filter them.")
    marks = marks.reindex(asked.index)
    if marks.isna().any() or not marks.isin([True, False]).all():
        raise Mistake("bad should hold True and False alone.")
    marks = marks.astype(bool)
    fast, wild = asked["seconds"] < _SECONDS, ~asked["satisfied"].between(1, 5)
    filled, no = asked["handled"].notna(), asked["returned"] == 2
    truth = fast | wild | (no & filled)
    slow = asked["seconds"] <= _SECONDS
    mistakes = {
        Sentence("True marks the good rows here. Turn it round."): ~truth,
        Sentence("20 seconds are enough: only what took less is too fast."): slow | wild | (no & filled),
        Sentence(
            "The rules are joined by “and”, or a comparison lacks its brackets: only rows that break all of them are "
            "marked. One is enough."
        ): (fast & wild & no & filled),
        Sentence(
            "Blanks in handled are marked as wrong. Who returned nothing was not asked, so a blank is right there."
        ): fast | wild | (no & ~filled),
        Sentence("Every blank in handled is marked. A blank is right where the question was not asked."): (
            fast | wild | ~filled
        ),
        Sentence("All who answered how the return was handled are marked. Only those who returned nothing may not."): (
            fast | wild | filled
        ),
        Sentence(
            "All who returned nothing are marked. Only those among them who answered the next question are wrong."
        ): (fast | wild | no),
        Sentence("9 in handled is marked. It is a code that the form offers: cannot say."): (
            truth | (asked["handled"] == 9)
        ),
        Sentence(
            "Those who were asked and left handled blank are marked. That is a missing answer, not a wrong one."
        ): (truth | (~no & ~filled)),
        Sentence("Answers that came too fast are not marked yet."): wild | (no & filled),
        Sentence("Values of satisfied outside 1 to 5 are not marked yet."): fast | (no & filled),
        Sentence("Answers to a question that was not asked are not marked yet."): fast | wild,
        Sentence("Only values of satisfied above 5 are marked; 0 is no answer either."): (
            fast | (asked["satisfied"] > 5) | (no & filled)
        ),
        Sentence("1 or 5 in satisfied is marked; both are answers."): (
            fast | ~asked["satisfied"].between(1, 5, inclusive="neither") | (no & filled)
        ),
    }
    if told(marks, truth, mistakes):
        return
    if (marks & ~truth).any():
        raise Mistake("Some rows are marked that break no rule. Look at them: asked[bad].")
    raise Mistake("Some rows that break a rule are not marked. Try each rule alone and count.")


@exercise(
    "collect-4",
    answers=("visits",),
    given=("log",),
    right=Sentence(
        "More than thirty minutes, per visitor, in order of time. Another rule for the gap gives another number."
    ),
)
def sessions(answer: object, log: pd.DataFrame) -> None:
    """Sessions by a gap of more than 30:00 between a visitor's events."""
    if isinstance(answer, pd.DataFrame):
        answer = len(answer)
    ordered = log.sort_values(["visitor_id", "at"], kind="stable")
    gaps = ordered["at"] - ordered.groupby("visitor_id")["at"].shift()
    first, longer = gaps.isna(), gaps > _GAP
    arrival = log["at"] - log.groupby("visitor_id")["at"].shift()
    by_time = log.sort_values("at", kind="stable")["at"].diff()
    mixed = ordered["at"].diff()
    mistakes = {
        Sentence("A gap of exactly 30:00 was taken to end a session. More than 30 minutes it must be."): (
            first.sum() + (gaps >= _GAP).sum()
        ),
        Sentence("The first event of each visitor begins a session too."): longer.sum(),
        Sentence("Those are the visitors. Each may come several times."): first.sum(),
        Sentence("Rows were taken in the order of arrival. Late ones give gaps below zero: sort by time first."): (
            first.sum() + (arrival > _GAP).sum()
        ),
        Sentence("The gaps run across visitors. Compare each event with the one before of the same visitor."): (
            1 + (by_time > _GAP).sum()
        ),
        Sentence("Where one visitor ends and the next begins, the gap is no gap. Shift within each visitor."): (
            1 + (mixed > _GAP).sum()
        ),
        Sentence(
            "dt.seconds leaves out whole days. Compare with pd.Timedelta(minutes=30), or use dt.total_seconds()."
        ): (first.sum() + (gaps.dt.seconds > _GAP.seconds).sum()),
        Sentence("The gap was cut to whole minutes before it was compared, and 30:01 became 30."): (
            first.sum() + (gaps // pd.Timedelta(minutes=1) > 30).sum()
        ),
        Sentence("30 seconds were taken for 30 minutes."): first.sum() + (gaps > pd.Timedelta(seconds=30)).sum(),
        Sentence("Those are the events."): len(log),
        Sentence("Sessions were cut at midnight: each visitor's days. Cut by the gap."): (
            log.assign(day=log["at"].dt.normalize()).drop_duplicates(["visitor_id", "day"]).shape[0]
        ),
    }
    truth = first.sum() + longer.sum()
    equals(answer, truth, "visits", mistakes)

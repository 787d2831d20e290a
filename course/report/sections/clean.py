"""What was received and what was used of it."""

from course import clean, schema
from course.report.blocks import accounted, full, items, limit, note, paragraph, table
from course.report.sections import Page
from course.workflow.steps.clean import Quality


def answers(page: Page, found: Quality) -> list[str]:
    """Sales that stand behind nobody."""
    accounts = page.result.cleaned["orders"].accounts if "orders" in page.result.cleaned else {}
    if not accounts.get("no_customer", {}).get("rows"):
        return []
    return [
        page.phrase(
            "{rows:,} of {received:,} rows name no customer; {money} of sales stand behind nobody in these portraits.",
            rows=accounts["no_customer"]["rows"],
            received=accounts["received"]["rows"],
            money=page.counted(accounts["no_customer"]["money"]),
        )
    ]


def accounts(page: Page, found: Quality) -> dict:
    """Rows and money of every rule."""
    phrase, blocks = page.phrase, []
    outcomes = {"set_aside": phrase("set aside"), "quarantine": phrase("quarantined")}
    head = ["", phrase("Rows"), phrase("Orders"), phrase("Customers"), phrase("Money")]
    for kind, cleaned in page.result.cleaned.items():
        rules = {rule["name"]: rule for rule in cleaned.rules}
        accounts = dict(cleaned.accounts)
        received, valid = accounts.pop("received"), accounts.pop("valid")
        rows = [[phrase("received"), "", *accounted(received)]]
        rows += [
            [str(rules[n].get(page.lang, n)), outcomes[rules[n]["outcome"]], *accounted(a)] for n, a in accounts.items()
        ]
        label = schema.canonical(kind).label.say(page.lang)
        blocks.append(_told([label, *head], rows, [phrase("valid"), "", *accounted(valid)]))
        blocks += _flags(page, kind)
    blocks.append(
        note(
            phrase(
                "Every row that was not used stands in quarantine.csv with its source row, rule and column. Rows "
                "and money add up to what was received."
            )
        )
    )
    return {"title": phrase("What was received and used"), "blocks": blocks}


def _told(head: list[str], rows: list[list[str]], total: list[str]) -> dict:
    """The table, without columns that it tells nothing in."""
    kept = [j for j in range(len(head)) if j < 2 or any(row[j] != "–" for row in [*rows, total])]
    return table([head[j] for j in kept], [[row[j] for j in kept] for row in rows], 2, [total[j] for j in kept])


def _flags(page: Page, kind: str) -> list[dict]:
    phrase = page.phrase
    names = {f["name"]: f for f in clean.rules_for(page.result.tables[kind]).get("flags") or []}
    lines = [
        phrase("{flag}: {rows:,} rows", flag=names[n][page.lang], rows=a["rows"])
        if a["money"] is None
        else phrase("{flag}: {rows:,} rows, {money}", flag=names[n][page.lang], rows=a["rows"], money=full(a["money"]))
        for n, a in page.result.cleaned[kind].flags.items()
        if a["rows"]
    ]
    return [paragraph(phrase("Flagged, and still valid:")), items(lines)] if lines else []


def quality(page: Page, found: Quality) -> dict:
    """How well every column is filled, as received and as valid."""
    phrase, blocks = page.phrase, []
    head = [phrase("Filled"), phrase("Different values"), phrase("Lowest"), phrase("Highest")]
    for kind, before in found.before.items():
        canonical = schema.canonical(kind)
        rows = []
        after = {row.column: row for row in found.after[kind].itertuples()}  # cleaning may add columns of its own
        for b in before.itertuples():
            a = after[b.column]
            row = [f"{b.filled:.1%} → {a.filled:.1%}", f"{b.distinct:,} → {a.distinct:,}"]
            limits = [
                (limit(x, page.lang), limit(y, page.lang)) for x, y in ((b.lowest, a.lowest), (b.highest, a.highest))
            ]
            row += [f"{x} → {y}" if x != y else x for x, y in limits]
            rows.append([canonical.columns[b.column].label.say(page.lang), *row])
        blocks.append(table([canonical.label.say(page.lang), *head], rows))
    blocks.append(note(phrase("Received → valid.")))
    return {"title": phrase("Quality before and after"), "blocks": blocks}

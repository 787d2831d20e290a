"""docs/inputs.md, both languages: what it says of forms and questions is what the forms and the guards are."""

import re
from pathlib import Path

import pytest

from course import collect, forms

DOC = Path(collect.__file__).parents[2] / "docs" / "inputs.md"
ENGLISH, CHINESE = DOC.read_text(encoding="utf-8").split("## 输入文件")
FORMS = {f.name: f for path in sorted(Path(forms.__file__).parent.glob("*.yaml")) for f in forms.load(path)}

#: The forms behind each row of the table of exports, in its order.
ROWS = [
    ["shopify"], ["woocommerce_items", "woocommerce_rest"], ["stripe", "stripe_older"], ["stripe_charges"],
    ["square_transactions", "square_items"], ["paypal"], ["magento"], ["paypal_statement"], ["matrixify"],
    ["amazon_all_orders"], ["amazon_order_report"], ["taobao_orders"], ["jd"], ["pinduoduo", "douyin"],
    ["youzan", "youzan_lines"], ["wechat_shop"], ["wechat_merchant_bill"],
    ["hubspot_deals", "salesforce", "salesforce_objects"],
    ["surveymonkey", "qualtrics", "typeform", "google_forms", "google_forms_zh", "wenjuanxing", "tencent_survey"],
    ["ga4_events"],
    ["zendesk", "hubspot_tickets", "salesforce_cases", "hubspot_contacts", "shopify_customers"],
    ["wechat_personal_bill", "alipay_personal_bill", "alipay_old_bill", "ga4_report", "ga4_report_users",
     "ga4_report_events", "woocommerce_analytics", "wecom_customers"],
]  # fmt: skip


def table(text):
    """The cells of the table of exports, a row a system."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def told_back(form):
    """How a form tells what was given back, in the words of the table."""
    if form.refunded:
        return "column"
    if form.refunded_list:
        return "list"
    if form.rows.get("refund"):
        return "rows"
    whole = any("refunded" in words.values() for rule in form.state for words in rule.words.values())
    return "whole" if whole else "none"


#: What the last column of the table says, by how a form tells it.
BACK = {
    "column": ("column", "一列"), "list": ("list", "列表"), "rows": ("rows", "单独成行"),
    "whole": ("whole orders only", "只有整单退款"), "none": ("not in the file", "文件里没有"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, 0), (CHINESE, 1)], ids=["en", "zh"])
def test_the_table_of_exports_says_what_the_forms_say(text, language):
    rows = table(text)
    assert len(rows) == len(ROWS)
    for cells, names in zip(rows, ROWS, strict=True):
        for form in (FORMS[name] for name in names):
            _customers(cells[1], form, language)
            if form.kind != "orders" or not form.customer_id:
                assert cells[2] in ("–", ["purchases, once a transaction", "购买事件，每个交易号算一次"][language])
                continue
            assert BACK[told_back(form)][language] in cells[3], (form.name, told_back(form))
            named = [h for part in form.add for h in part if not h.isascii()]
            assert not named or any(h in cells[2] for h in named), form.name
            said_line = re.search(["line|product|items", "每行|商品"][language], " ".join(cells))
            assert bool(form.level == "line") <= bool(said_line), form.name
            cents = re.search(["smallest|cents", "最小单位|分"][language], cells[2])
            assert bool(cents) == form.hundredths, form.name


def _customers(cell, form, language):
    if form.kind == "refuse" or form.name == "wecom_customers":
        assert "**" in cell
    elif form.kind == "orders" and not form.customer_id:
        assert ["none: totals", "没有，只能看总额"][language] in cell
    elif form.kind == "orders":
        contacts = [c for c in form.customer_id if "mail" in c.lower()]
        assert bool(contacts) <= bool(re.search(["e-mail|alias", "邮箱"][language], cell)), form.name
        named = [c for c in form.customer_id if not c.isascii()]
        assert all(c in cell for c in named), form.name


def test_every_form_is_in_the_table_but_those_of_lines():
    assert {name for row in ROWS for name in row} == {n for n, f in FORMS.items() if f.kind != "order_lines"}


def test_every_question_is_told_in_both_languages():
    """By its key, as the code has it."""
    code = "".join(p.read_text(encoding="utf-8") for p in sorted(Path(collect.__file__).parent.rglob("*.py")))
    keys = set(re.findall(r'Question\(\s*f?"([a-z_]+)', code))
    assert len(keys) > 20
    for text in (ENGLISH, CHINESE):
        assert [key for key in sorted(keys) if not re.search(rf"[`\s]{key}[.=`]", text)] == []

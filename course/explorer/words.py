"""What the explorer says. Places in braces are filled in by the page."""

import string

from course.language import Sentence


def phrase(message: str) -> Sentence:
    """A sentence whose places the page fills in."""
    names = [name for _, name, _, _ in string.Formatter().parse(message) if name]
    return Sentence(message, **{name: "{" + name + "}" for name in names})


#: Groups of filters, in their order.
GROUPS = {
    "life": Sentence("Class and stage"),
    "values": Sentence("Money, days and scores"),
    "who": Sentence("Who they are"),
    "buys": Sentence("What they buy, and where"),
    "tags": Sentence("Tags"),
}
OTHERS = Sentence("other values, each rare")

#: Everything else, by what the page calls it.
WORDS = {
    "title": phrase("Customer explorer"),
    "noscript": phrase(
        "This page filters and counts in the browser: allow it to run its script, or use portraits.xlsx."
    ),
    "as_of": phrase("as of {day}"),
    "is_shared": phrase("To hand on: nobody is listed, and fewer than {least} customers are not shown."),
    "report": phrase("Report"),
    "copy": phrase("Copy link"),
    "copied": phrase("Link copied"),
    "left_out": phrase(
        "Only the {n} customers who brought most are in this page, of {of}: every figure here is of these alone."
    ),
    "strange": phrase("The link asks for what is not in this page, and it was left out: {what}."),
    "erased": phrase(
        "{n} customers were erased from this result. The report counts them still; this page cannot, and its totals "
        "are smaller."
    ),
    # filters
    "filters": phrase("Filters"),
    "search": phrase("Customer number"),
    "done": phrase("Show the customers"),
    "more": phrase("Show {n} more"),
    "any": phrase("any"),
    "yes": phrase("yes"),
    "no": phrase("no"),
    "unknown": phrase("not known"),
    "no_action": phrase("none proposed"),
    "from": phrase("from"),
    "to": phrase("to"),
    "lists": phrase("Ready lists:"),
    "everybody": phrase("Everybody"),
    "clear": phrase("Clear all"),
    "remove": phrase("Remove the filter {what}"),
    "is": phrase("{column}: {value}"),
    "comma": phrase(", "),
    "colon": phrase(": "),
    # the audience at a glance
    "audience": phrase("This audience"),
    "status": phrase("{n} customers"),
    "customers": phrase("Customers"),
    "of_all": phrase("{share} of all {of}"),
    "who_bought": phrase("known at all, {n} of them bought"),
    "of_buyers": phrase("{share} of the {of} who bought"),
    "money": phrase("Money (net)"),
    "money_share": phrase("{share} of all money (95% interval {low} to {high})"),
    "a_head": phrase("median {money} a head"),
    "expected": phrase("Expected in the next {weeks} weeks"),
    "interval": phrase("95% interval {low} to {high}"),
    "no_interval": phrase("no interval for this selection; how far the forecast was off stands in the report"),
    "at_risk": phrase("At risk"),
    "at_risk_of": phrase("{k} of {n} whose stage is known"),
    "nps": phrase("NPS of their answers"),
    "answers": phrase("{n} answers"),
    "few_answers": phrase("fewer than {n} answers"),
    "by_score": phrase("chosen by their score: it says nothing"),
    "too_many": phrase("nearly all"),
    # comparing
    "pin": phrase("Compare with this"),
    "unpin": phrase("Stop comparing"),
    "against": phrase("Compared with: {what}"),
    "versus_is": phrase("there: {value}"),
    "profile": phrase("Profile"),
    "apart": phrase("What sets them apart"),
    "apart_from": phrase("What sets them apart from those compared with"),
    "more_often": phrase("More often:"),
    "less_often": phrase("Less often:"),
    "instead_of": phrase("instead of {share}"),
    "nothing": phrase("Nothing differs beyond chance and by a fifth or more."),
    "legend": phrase(
        "Bold: differs from all other customers beyond chance (all comparisons here together, false discoveries at "
        "5%). TGI: share here ÷ share of all × 100, with its 95% interval. Black line: everybody. Customers of whom "
        "a column is not known count in none of its shares."
    ),
    "legend_versus": phrase(
        "Bold: differs from those compared with beyond chance (all comparisons here together, false discoveries at "
        "5%). Index: share here ÷ share there × 100, with its 95% interval. Black line: those compared with. "
        "Customers of whom a column is not known count in none of its shares."
    ),
    "small": phrase("Fewer than {least} customers are not shown."),
    "too_few": phrase("Too few customers for a profile, here or outside: fewer than {least} are not shown."),
    "nobody": phrase("Nobody fits all of these filters. Take one away."),
    "tags": phrase("Tags"),
    "share": phrase("share"),
    "share_all": phrase("of all"),
    "share_versus": phrase("there"),
    "tgi": phrase("TGI"),
    "index": phrase("index"),
    # list and card
    "list": phrase("List"),
    "customer": phrase("Customer"),
    "sorted": phrase("{n} customers, sorted by: {by}"),
    "save": phrase("Save as CSV"),
    "previous": phrase("Previous"),
    "next": phrase("Next"),
    "close": phrase("Close"),
    "why": phrase("Why"),
    "history": phrase("History"),
    "facts": phrase("What is known"),
    "latest": phrase("Latest entries"),
    "lane_order": phrase("orders"),
    "lane_visit": phrase("visits"),
    "lane_ticket": phrase("tickets"),
    "lane_answer": phrase("answers"),
    "lane_campaign": phrase("campaigns"),
    "kind_order": phrase("order"),
    "kind_visit": phrase("visits"),
    "kind_ticket": phrase("service ticket"),
    "kind_answer": phrase("answer, 0–10"),
    "kind_campaign": phrase("reached by a campaign"),
    "kind_control": phrase("left out of a campaign as control"),
    "above": phrase("above the median of {cut}"),
    "not_above": phrase("not above the median of {cut}"),
    "below": phrase("fewer than the median of {cut}"),
    "not_below": phrase("not fewer than the median of {cut}"),
    "why_class": phrase(
        "Class: money {money}, {money_side}; orders {orders}, {orders_side}; days since the last order {days}, "
        "{days_side}."
    ),
    "why_stage": phrase(
        "Stage: {days} days since the last order. For customers with as many order days ({band}), more than {risk} "
        "counts as at risk and more than {lost} as lost."
    ),
    "why_believed": phrase(
        "Yet an order is at least as likely as none: what is foreseen is believed, not the silence."
    ),
    "why_risk": phrase("Estimated chance of no order in the next {days} days: {risk}."),
    "why_expected": phrase("Expected in the next {weeks} weeks: {money}. For a single customer this is rough."),
    "why_score": phrase("Last answer to whether they would recommend us, from 0 to 10: {score}."),
    "why_nothing": phrase("There are no orders that class or stage could rest on."),
}

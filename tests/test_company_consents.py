"""What Luming's customers allow: a log of consents an account and purpose, and the babies' birthdays."""

import numpy as np
import pandas as pd
import pytest

from course import company
from course.company import consents, plan


@pytest.fixture(scope="module", params=[2, 8])
def made(request):
    """A company without defects."""
    return company.Company(seed=request.param, customers=4000, defects=None)


def persons(made):
    """Account → person_id, of the three systems that keep accounts."""
    ids = made.truth["ids"]
    return ids[ids["system"].isin(["crm", "app", "till"])].set_index("customer_id")["person_id"]


def test_the_log_is_in_order_of_time_and_of_accounts_that_exist(made):
    log = made.tables["consents"]
    assert log["at"].is_monotonic_increasing and log["at"].iloc[-1] < "2025"
    assert log["log_id"].is_monotonic_increasing and not log["log_id"].duplicated().any()
    assert set(log["account"]) == set(persons(made).index)  # everyone has agreed to be served
    assert set(log["purpose"]) == set(consents.PURPOSES) and set(log["action"]) == {"granted", "withdrawn"}
    version = np.where(log["at"] < "2023-11-01", "v1", "v2")
    assert (log["notice_version"] == version).all()
    assert not (log["purpose"].isin(["profiling", "sharing"]) & (log["notice_version"] == "v1")).any()


def test_silence_is_common_and_not_everyone_says_yes(made):
    log, accounts = made.tables["consents"], len(persons(made))
    first = log.drop_duplicates(["account", "purpose"])
    yes = first[first["action"] == "granted"].groupby("purpose").size() / accounts
    no = first[first["action"] == "withdrawn"].groupby("purpose").size() / accounts
    assert yes["service"] == 1 and "service" not in no
    assert yes["marketing"] == pytest.approx(0.725, abs=0.03) and no["marketing"] == pytest.approx(0.06, abs=0.02)
    assert 0.3 < yes["profiling"] < 0.45 and 0.1 < yes["sharing"] < 0.18
    assert 0.15 < 1 - yes["marketing"] - no["marketing"] < 0.3


def test_a_no_is_filed_under_one_account_and_the_others_stay_open(made):
    log, known = made.tables["consents"], made.truth["consents"]
    person = persons(made)
    last = log.drop_duplicates(["account", "purpose"], keep="last")
    open_ = last[last["action"] == "granted"].assign(person_id=lambda t: person[t["account"]].to_numpy())
    count = open_.groupby(["person_id", "purpose"]).size()
    asked = pd.MultiIndex.from_frame(known[["person_id", "purpose"]])
    assert (count.reindex(asked).fillna(0).to_numpy() == known["open_accounts"]).all()
    assert (person[known["said_on"]].to_numpy() == known["person_id"]).all()
    assert (known["person_id"].map(person.value_counts()) == known["accounts"]).all()
    out = known[known["opted_out"] & (known["purpose"] == "marketing")]
    assert len(out) > 0.04 * 4000
    assert 0.35 < (out["open_accounts"] > 0).mean() < 0.6  # reachable, against their will
    assert (out["open_accounts"] == 0).any() and (out["accounts"] > 1).mean() > 0.7


def test_the_truth_of_a_no_stands_in_the_log(made):
    log, known = made.tables["consents"], made.truth["consents"]
    entries = set(zip(log["account"], log["purpose"], log["action"], log["at"], strict=True))
    for column, action in (("withdrawn_at", "withdrawn"), ("granted_again_at", "granted")):
        own = known[known[column].notna()]
        at = own[column].dt.strftime("%Y-%m-%d %H:%M:%S")
        assert set(zip(own["said_on"], own["purpose"], [action] * len(own), at, strict=True)) <= entries
    assert (known["opted_out"] == known["granted_again_at"].isna()).all()
    assert 0.05 < (~known["opted_out"]).mean() < 0.2
    joined = made.truth["people"].set_index("person_id")["joined_on"]
    assert (known["withdrawn_at"] > known["person_id"].map(joined)).all()


def test_campaigns_reached_some_who_had_said_no(made):
    """As in life: the list of recipients was drawn up from one system, the no was filed in another."""
    known = made.truth["consents"].query("purpose == 'marketing'")
    sent = made.tables["campaigns"].query("arm != 'control'")
    sent = sent.assign(person_id=persons(made)[sent["customer_id"]].to_numpy())
    both = sent.merge(known, on="person_id")
    against = both[(both["withdrawn_at"] < both["sent_at"]) & ~(both["granted_again_at"] < both["sent_at"])]
    assert len(against) > 50
    assert (both["withdrawn_at"] > both["sent_at"]).sum() > 50  # and some say no only after


def test_a_consent_of_nobody_is_in_the_ledger():
    spoilt = company.Company(seed=4, customers=2000, defects="nobodys_consent")
    log, ledger = spoilt.tables["consents"], spoilt.truth["defects"]
    blank = log[log["account"] == ""]
    assert len(blank) > 3 and sorted(blank["log_id"]) == sorted(ledger["key"]) and (ledger["given"] == "").all()
    assert set(ledger["true"]) <= set(persons(spoilt).index) and set(blank["channel"]) == {"sms_reply"}


# --- children --------------------------------------------------------------------------------------------------------


def test_babies_are_those_of_the_truth_or_of_somebody_else(made):
    filled, known = made.tables["babies"], made.truth["babies"]
    assert list(filled["用户编号"]) == list(known["user_id"]) and not known["user_id"].duplicated().any()
    parents = made.truth["parents"].set_index("person_id")
    role = parents["role"][known["person_id"]].to_numpy()
    assert (known["guardian"] == (role == "new_parent")).all() and 0.5 < known["guardian"].mean() < 0.95
    own = known["born_on"].notna()
    assert (known["born_on"][own].to_numpy() == parents["baby_on"][known["person_id"][own]].to_numpy()).all()
    assert set(role[~own]) == {"gift_buyer"}
    before = pd.to_datetime(filled["填写时间"]) < known["born_on"]
    assert (filled["宝宝生日"][own & ~before] == known["born_on"][own & ~before]).all()
    assert before.any() and (filled["宝宝生日"] - known["born_on"])[before].dt.days.abs().max() <= 40


def test_every_baby_is_under_fourteen_and_a_third_or_more_have_no_guardians_consent(made):
    filled, known = made.tables["babies"], made.truth["babies"]
    assert filled["宝宝生日"].between("2021-06-01", "2025-06-30").all()
    box = filled["监护人同意"]
    assert set(box) == {"是", "否", ""}
    assert ((box == "") == (filled["填写时间"] < str(plan.dates(np.array([consents.NOTICES["v2"]]))[0]))).all()
    assert (known["lawful"] == ((box == "是") & known["guardian"])).all()
    assert 0.25 < known["lawful"].mean() < 0.65
    assert ((box == "是") & ~known["guardian"]).any()  # ticked by a grandparent: no guardian's consent

"""The sector packs: what is planted can be found, what is not planted is not there, every column is described."""

import numpy as np
import pandas as pd
import pytest

from course import DataError
from course.company import packs

SEEDS = range(8)
NAMES = ("bank", "car", "saas", "education")


def pooled(name, table):
    """One table of eight seeds: planted effects are found within their standard errors."""
    return pd.concat([packs.pack(name, seed)[table] for seed in SEEDS], keys=SEEDS, names=["seed"]).reset_index("seed")


def truth(name):
    return packs.pack(name)["truth"].set_index(["outcome", "driver"])["effect"]


def logit(table, outcome, drivers):
    import statsmodels.api as sm

    return sm.Logit(table[outcome].astype(int), sm.add_constant(drivers.astype(float))).fit(disp=False)


def assert_found(fit, expected):
    """Each coefficient within three standard errors of what is planted."""
    estimate, error = (pd.Series(np.asarray(v), index=fit.model.exog_names) for v in (fit.params, fit.bse))
    for driver, effect in expected.items():
        assert abs(estimate[driver] - effect) < 3 * error[driver], (driver, estimate[driver], effect)


@pytest.mark.parametrize("name", NAMES)
def test_a_few_hundred_customers_one_or_two_tables_and_a_truth(name):
    tables = packs.pack(name)
    *data, last = tables
    assert last == "truth" and 1 <= len(data) <= 2
    customers = tables[data[0]]
    key = customers.columns[0]
    assert 200 <= len(customers) <= 800 and customers[key].is_unique and customers[key].is_monotonic_increasing
    assert set(tables[data[1]][key]) <= set(customers[key])
    assert tables["truth"][["outcome", "driver", "unit", "en", "zh"]].map(bool).all(axis=None)
    assert (tables["truth"]["effect"] == 0).any() or name == "car"


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_pack_and_another_seed_another(name):
    first, again, other = packs.pack(name, 5), packs.pack(name, 5), packs.pack(name, 6)
    for table in first:
        pd.testing.assert_frame_equal(first[table], again[table])
    customers = next(iter(first))
    assert not first[customers].equals(other[customers])
    pd.testing.assert_frame_equal(first["truth"], other["truth"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [0, 1, 99])
def test_the_dictionary_describes_every_column_and_value(name, seed):
    tables = packs.pack(name, seed)
    del tables["truth"]
    described = packs.dictionary()[name]
    assert set(tables) == set(described)
    kinds = {
        "text": pd.api.types.is_string_dtype,
        "category": pd.api.types.is_string_dtype,
        "whole": pd.api.types.is_integer_dtype,
        "number": pd.api.types.is_numeric_dtype,
        "date": pd.api.types.is_datetime64_any_dtype,
        "boolean": pd.api.types.is_bool_dtype,
    }
    for table, frame in tables.items():
        assert list(frame.columns) == list(described[table]["columns"])
        assert set(packs.labels(name, table)) == set(frame.columns)
        for column, spec in described[table]["columns"].items():
            values = frame[column].dropna()
            assert kinds[spec["type"]](values), column
            if "values" in spec:
                assert set(values) == set(spec["values"]), column
            if "range" in spec:
                low, high = spec["range"]
                assert values.min() >= low and (high is None or values.max() <= high), column


def test_labels_speak_both_languages():
    label = packs.labels("bank", "clients")["assets"]
    assert (label.say("en"), label.say("zh")) == ("assets with the bank", "管理资产")
    assert packs.labels("film", "people")["spend"].say("zh") == "影院年消费"


def test_the_bank_treats_the_registrations_unequally_though_they_pay_back_alike():
    for seed in SEEDS:
        clients = packs.pack("bank", seed)["clients"]
        approved = clients.groupby("registration")["approved"].mean()
        assert approved["rural"] / approved["urban"] < 0.8  # the four-fifths rule
    clients = pooled("bank", "clients")
    granted = clients[clients["approved"]]
    drivers = pd.DataFrame(
        {
            "income": (np.log(granted["monthly_income"]) - np.log(9500)) / 0.45,
            "debt_ratio": granted["debt_ratio"],
            "rural": granted["registration"] == "rural",
        }
    )
    expected = truth("bank")["defaulted"]
    fit = logit(granted, "defaulted", drivers)
    assert_found(fit, {"income": expected["monthly_income"], "debt_ratio": expected["debt_ratio"], "rural": 0})
    # It is the branch that the scorecard looks at: in the same branch both registrations score alike.
    same_branch = clients[clients["branch"] == "centre"].groupby("registration")["score"].mean()
    assert abs(same_branch["rural"] - same_branch["urban"]) < 5
    assert clients["defaulted"].isna().eq(~clients["approved"]).all()


def test_the_bank_sold_some_clients_what_does_not_suit_them():
    clients = pooled("bank", "clients")
    risk = clients["product"].map({product: i + 1 for i, product in enumerate(packs.PRODUCTS)})
    could = clients["risk_answer"] < 5
    assert (risk > clients["risk_answer"])[could].mean() == pytest.approx(0.08, abs=0.02)
    slope = np.polyfit(clients["age"], clients["risk_answer"], 1)[0]
    assert -0.45 < 10 * slope < -0.2


def test_the_bank_s_clients_do_not_spend_more_than_they_earn():
    tables = packs.pack("bank")
    spent = tables["spending"].groupby("client_id")["amount"].sum() / 12
    income = tables["clients"].set_index("client_id")["monthly_income"]
    assert (spent < 1.3 * income).all() and 0.35 < (spent / income).median() < 0.75


def test_the_owners_buy_again_by_the_planted_hazards():
    from statsmodels.duration.hazard_regression import PHReg

    owners = pooled("car", "owners")
    again = owners["bought_again_at"].notna()
    days = (owners["bought_again_at"].fillna(packs.AS_OF) - owners["bought_at"]).dt.days
    assert (days > 0).all() and 0.25 < again.mean() < 0.6
    drivers = owners[["service_plan", "child_born", "recalled"]].assign(sex=owners["sex"] == "female").astype(float)
    fit = PHReg(days, drivers, status=again.astype(int)).fit(disp=False)
    assert_found(fit, truth("car")["bought_again_at"].drop("shape").to_dict())


def test_who_misses_a_service_visit_rarely_comes_again():
    tables = packs.pack("car", 2)
    visits, owners = tables["visits"], tables["owners"].set_index("owner_id")
    since = (visits["at"] - visits["owner_id"].map(owners["bought_at"])).dt.days
    assert (visits["at"] <= visits["owner_id"].map(owners["bought_again_at"].fillna(packs.AS_OF))).all()
    year = (since / 365).round().astype(int)
    came = pd.crosstab(visits["owner_id"], year).reindex(owners.index, fill_value=0) > 0
    still = owners["bought_at"].lt("2020-01-01") & owners["bought_again_at"].isna()
    came = came[still]
    assert came.loc[came[1], 2].mean() > 1.5 * came.loc[~came[1], 2].mean()


def test_accounts_renew_by_use_and_not_by_tickets_or_discount():
    accounts, usage = pooled("saas", "accounts"), pooled("saas", "usage")
    usage["share"] = usage["active_seats"] / usage.merge(accounts, on=["seed", "account_id"])["seats"].to_numpy()
    by = usage.groupby(["seed", "account_id"])
    first = usage[usage["month"] <= 9].groupby(["seed", "account_id"])["share"].mean()
    last = usage[usage["month"] > 10].groupby(["seed", "account_id"])["share"].mean()
    table = accounts.set_index(["seed", "account_id"])
    drivers = pd.DataFrame(
        {
            "use": 10 * first,
            "falling": last / first < 0.75,
            "success_manager": table["success_manager"],
            "tickets": by["tickets"].sum() / 10 / by["active_seats"].mean().clip(lower=1),
            "discount": table["discount"] / 10,
        }
    )
    expected = truth("saas")["renewed"]
    found = {
        "use": expected["active_seats"],
        "falling": expected["falling use"],
        "success_manager": expected["success_manager"],
        "tickets": expected["tickets"],
        "discount": expected["discount"],
    }
    assert_found(logit(table, "renewed", drivers), found)
    assert (usage["share"] <= 1).all()


def test_the_reminder_adds_lessons_and_the_first_weeks_decide():
    students, progress = pooled("education", "students"), pooled("education", "progress")
    keys = ["seed", "student_id"]
    students = students.set_index(keys)
    done = progress.groupby(keys)["lessons"].sum()
    with_, without = (done[students["reminder"] == got] for got in (True, False))
    error = np.sqrt(with_.var() / len(with_) + without.var() / len(without))
    # Whoever would do every lesson anyway cannot do more: the mean gain stays a little below what is planted.
    assert 0.75 * packs.REMINDER < with_.mean() - without.mean() < packs.REMINDER + 3 * error
    early = progress[progress["week"] <= 4].groupby(keys)["lessons"].sum()
    drivers = pd.DataFrame({"early": early, "friend": students["with_friend"], "age": students["age"]})
    expected = truth("education")["renewed"]
    found = {"early": expected["lessons in weeks 1–4"], "friend": expected["with_friend"], "age": expected["age"]}
    assert_found(logit(students, "renewed", drivers), found)
    assert progress["quiz"].isna().eq(progress["lessons"] == 0).all()


def test_an_unknown_pack_is_refused():
    with pytest.raises(DataError, match=r"no sector pack airline. Packs are: bank, car, saas, education"):
        packs.pack("airline")

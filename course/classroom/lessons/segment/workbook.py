"""The workbook of lesson 07: RFM as formulas, in which one sees where each value comes from."""

import pandas as pd
import xlsxwriter

from course import segment
from course.classroom import room

_COLUMNS = ("customer_id", "recency_days", "frequency", "monetary_net")
_CUTS = {"r": (2, "B"), "f": (3, "C"), "m": (4, "D")}
_SCORES = {"r": ("E", "B", 0), "f": ("F", "C", 1), "m": ("G", "D", 1)}


def write(customers: pd.DataFrame, place: str, names: dict[str, str]) -> int:
    """Write rfm.xlsx into the learner's folder: two cuts and a switch (M1), three scores, and the class.

    Parameters
    ----------
    customers : what `segment.rfm` gives.
    place : the formula that says which class row 2 is in: R + 2 F + 4 M, each 0 or 1.
    names : what each class is called.

    Returns
    -------
    the number of formulas; each is kept with its result, for viewers that calculate nothing.
    """
    n, formulas = len(customers), 0
    book = xlsxwriter.Workbook(room.folder() / "rfm.xlsx")
    sheet = book.add_worksheet("RFM")
    sheet.write_row("E1", ["R", "F", "M", "RFM"])
    sheet.write("M1", 1)
    for at, name in enumerate(_COLUMNS):
        sheet.write(0, at, name)
        sheet.write_column(1, at, customers[name])
    middle, average = segment.cuts(customers), segment.cuts(customers, "mean")
    for name, (row, letter) in _CUTS.items():
        every = f"{letter}2:{letter}{n + 1}"
        for cell, formula, value in (
            (f"K{row}", f"=ROUND(MEDIAN({every}),6)", middle[name]),
            (f"L{row}", f"=ROUND(AVERAGE({every}),6)", average[name]),
            (f"M{row}", f"=CHOOSE($M$1,K{row},L{row})", middle[name]),
        ):
            sheet.write_formula(cell, formula, None, value)
            formulas += 1
    for (r, f, m), known in segment.CLASSES.items():
        sheet.write(1 + r + 2 * f + 4 * m, 14, names[known])
    for i, row in enumerate(customers.to_dict("records"), start=2):
        for name, (score, letter, upwards) in _SCORES.items():
            rank = f"_xlfn.RANK.AVG({letter}{i},{letter}$2:{letter}${n + 1},{upwards})"
            sheet.write_formula(f"{score}{i}", f"=ROUNDUP(5*{rank}/{n},0)", None, row[name])
        own = place.replace("B2", f"B{i}").replace("C2", f"C{i}").replace("D2", f"D{i}")
        sheet.write_formula(f"H{i}", f"=INDEX(O$2:O$9,1+{own})", None, names[row["rfm_class"]])
        formulas += 4
    book.close()
    return formulas

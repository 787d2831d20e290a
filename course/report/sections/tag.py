"""The dictionary of tags."""

import pandas as pd

from course import tag
from course.language import Sentence
from course.report.blocks import items, note, paragraph, table
from course.report.sections import Page
from course.workflow import portrait_columns
from course.workflow.steps.tag import Tagged


def tags(page: Page, found: Tagged) -> dict:
    """The dictionary of tags: what each means, who carries it, how much is known, who entered and left."""
    phrase, lang, tags = page.phrase, page.lang, found.tags
    kinds = {"fact": phrase("fact"), "rule": phrase("rule"), "model": phrase("model")}
    rows, missing = [], []
    for r in found.catalogue.itertuples():
        entry = tags.dictionary[r.tag]
        if r.not_evaluated is not None:
            missing.append(phrase("{tag}: {why}", tag=entry.label.say(lang), why=_why(page, r)))
            continue
        definition = tags.version(r.tag).definition.say(lang)
        size = "–" if pd.isna(r.size) else f"{r.size:,}"
        share = "–" if pd.isna(r.share) else f"{r.share:.1%}"
        rows.append([entry.label.say(lang), kinds[r.kind], definition, size, share, f"{r.coverage:.0%}"])
    head = [phrase("Tag"), phrase("Kind"), phrase("Definition"), phrase("Customers"), phrase("Share")]
    blocks = [table([*head, phrase("Known for")], rows, 3), *page.few(found.few.any())]
    if missing:
        blocks += [paragraph(phrase("Not evaluated:")), items(missing)]
    changes = page.result.found.get("changes")
    if changes is not None and changes.tags is not None:
        blocks += _changes(page, tags, changes.tags)
    return {"title": phrase("Tags"), "blocks": blocks}


def _why(page: Page, missing: object) -> Sentence:
    """Why a tag could not be evaluated; columns by their names."""
    labels = {c["name"]: c[page.lang][0] for c in portrait_columns()["columns"]}
    lacking = [labels[c] for c in missing.needs if c in labels and c not in page.result.portraits]
    if not lacking:
        return missing.not_evaluated
    return Sentence("not in the data: {columns}", columns=", ".join(lacking))


def _changes(page: Page, tags: tag.Tags, changes: tag.Changes) -> list[dict]:
    phrase, rows = page.phrase, []
    moved = changes.tags[(changes.tags["value"] == "") & (changes.tags["entered"] + changes.tags["left"] > 0)]
    for r in moved.itertuples():
        rule = phrase("changed") if pd.notna(r.redefined) and r.redefined else phrase("the same")
        label = tags.dictionary[r.tag].label.say(page.lang) if r.tag in tags.dictionary else r.tag
        rows.append([label, f"{r.before:,}", f"{r.after:,}", f"{r.entered:,}", f"{r.left:,}", rule])
    head = [phrase("Tag"), phrase("Before"), phrase("Now"), phrase("Entered"), phrase("Left"), phrase("Rule")]
    words = phrase("Where the rule has changed, customers who entered or left may have done nothing.")
    return [paragraph(phrase("Since the earlier run:")), table(head, rows), note(words)]

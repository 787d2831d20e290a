"""The tags of every customer."""

from dataclasses import dataclass

import pandas as pd

from course import tag
from course.language import LANGUAGES, Sentence
from course.workflow.finding import Finding, plain
from course.workflow.result import Result

NEEDS = ()
DOING = Sentence("Tagging")


@dataclass
class Tagged(Finding):
    """What customers are tagged with.

    Attributes
    ----------
    tags : tag.evaluate
    """

    tags: tag.Tags

    def columns(self) -> pd.DataFrame:
        """A column tag_… for every tag that could be evaluated."""
        return self.tags.columns()

    def entry(self) -> dict:
        """{tags: {tag: what it is, who carries it, how much is known}, tags_not_evaluated: {tag: why}}."""
        catalogue = self.tags.catalogue
        done = catalogue["not_evaluated"].isna()
        rows = catalogue.loc[done, ["tag", "kind", "version", "size", "share", "coverage"]].to_dict("records")
        found = {row.pop("tag"): plain(row) for row in rows}
        for name, entry in found.items():
            entry |= {lang: self.tags.dictionary[name].label.say(lang) for lang in LANGUAGES}
            definition = self.tags.version(name).definition
            entry["definition"] = {lang: definition.say(lang) for lang in LANGUAGES}
        missing = catalogue[~done].set_index("tag")["not_evaluated"]
        return {"tags": found} | ({"tags_not_evaluated": plain(missing)} if len(missing) else {})


def find(run: Result) -> tuple[Tagged | None, list[Sentence]]:
    """The dictionary over the portraits; without a date, or a customer, nothing can be said."""
    if run.as_of is None or run.portraits.empty:
        return None, []
    return Tagged(tag.evaluate(run.dictionary, run.portraits, run.as_of)), []

"""The tags of every customer."""

from dataclasses import dataclass, replace

import pandas as pd

from course import lifecycle, tag
from course.few import HIDDEN_BELOW
from course.language import LANGUAGES, Label, Sentence
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

    @property
    def catalogue(self) -> pd.DataFrame:
        """tags.catalogue; size and share are blank where `few`."""
        found = self.tags.catalogue
        return found.assign(size=found["size"].mask(self.few), share=found["share"].mask(self.few))

    @property
    def few(self) -> pd.Series:
        """True for tags that a few customers carry, or all that are known but a few."""
        found, most = self.tags.catalogue, HIDDEN_BELOW - 1
        others = found["known"].astype("Int64") - found["size"]
        return (found["size"].between(1, most) | others.between(1, most)).fillna(False).astype(bool)

    def columns(self) -> pd.DataFrame:
        """A column tag_… for every tag that could be evaluated."""
        return self.tags.columns()

    def entry(self) -> dict:
        """{tags: {tag: what it is, who carries it, how much is known}, tags_not_evaluated: {tag: why}}."""
        catalogue = self.catalogue
        done = catalogue["not_evaluated"].isna()
        rows = catalogue.loc[done, ["tag", "kind", "version", "size", "share", "coverage"]].to_dict("records")
        found = {row.pop("tag"): plain(row) for row in rows}
        for name, entry in found.items():
            entry |= {lang: self.tags.dictionary[name].label.say(lang) for lang in LANGUAGES}
            version = self.tags.version(name)
            entry["definition"] = {lang: version.definition.say(lang) for lang in LANGUAGES}
            entry["needs"] = list(version.needs)
            if version.values:
                entry["values"] = {
                    v: {lang: label.say(lang) for lang in LANGUAGES} for v, label in version.values.items()
                }
        missing = catalogue[~done].set_index("tag")["not_evaluated"]
        return {"tags": found} | ({"tags_not_evaluated": plain(missing)} if len(missing) else {})


def find(run: Result) -> tuple[Tagged | None, list[Sentence]]:
    """The dictionary over the portraits; without a date, or a customer, nothing can be said."""
    if run.as_of is None or run.portraits.empty:
        return None, []
    return Tagged(tag.evaluate(_one_story(run.dictionary, run.portraits), run.portraits, run.as_of)), []


def _one_story(dictionary: dict[str, tag.Tag], portraits: pd.DataFrame) -> dict[str, tag.Tag]:
    """The dictionary, in which nobody carries a tag that contradicts what else is told of them (rules/story.yaml)."""
    return {name: _without(entry, lifecycle.barred(name, list(portraits))) for name, entry in dictionary.items()}


def _without(entry: tag.Tag, barred: lifecycle.Barred | None) -> tag.Tag:
    if barred is None:
        return entry
    versions = tuple(_restricted(v, barred) if v.is_boolean else v for v in entry.versions)
    return replace(entry, versions=versions)


def _restricted(version: tag.Version, barred: lifecycle.Barred) -> tag.Version:
    return replace(
        version,
        rule=f"CASE WHEN {barred.condition} THEN FALSE ELSE ({version.rule}\n) END",
        needs=tuple(dict.fromkeys((*version.needs, *barred.needs))),
        definition=Label(
            f"{version.definition.say('en')} {barred.words.say('en')}",
            f"{version.definition.say('zh')}{barred.words.say('zh')}",
        ),
    )

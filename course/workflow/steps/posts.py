"""What the posts say, whoever wrote them."""

from dataclasses import dataclass

import pandas as pd

from course import nps
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result
from course.workflow.steps.nps import THEMES

NEEDS = ("posts",)
DOING = Sentence("Reading the posts")


@dataclass
class Posts(Finding):
    """What the posts say, reposts left out.

    Attributes
    ----------
    posts : rows; own : without reposts; authors : who wrote them; customers : of the authors, those who are customers
        of another table (None: no author is named)
    heard : how the own posts were read; themes : those that they name most
    """

    posts: int
    own: int
    heard: nps.Heard
    authors: int | None = None
    customers: int | None = None
    themes: pd.DataFrame | None = None

    def entry(self) -> dict:
        """{posts: every part there is}."""
        return {"posts": {name: plain(part) for name, part in vars(self).items() if part is not None}}


def find(run: Result) -> tuple[Posts, list[Sentence]]:
    """How many posts of whom, what they praise and blame, and how much of them could be read."""
    attempt, posts = Attempts(), run.cleaned["posts"].valid
    own = nps.dedupe(posts)
    found = Posts(len(posts), len(own), nps.heard(own["text"]))
    if "author_id" in posts and posts["author_id"].notna().any():
        authors = set(posts["author_id"].dropna().astype("str"))
        found.authors = len(authors)
        found.customers = len(authors & set(run.portraits["customer_id"].astype("str")))
    if found.heard.read:
        themes = attempt(Sentence("themes of posts"), nps.theme_table, own[["text"]].set_axis(["comment"], axis=1))
        if themes is not None and len(themes):
            found.themes = themes.sort_values(["mentions", "theme"], ascending=[False, True]).head(THEMES)
    return found, attempt.not_done

"""How the report shows what a run found, a file a step under the name of workflow/steps.

A section is a function of the page and the step's finding that gives {title, blocks}, or None where there is nothing to
show; an answer gives lines for the top of the page. Figures and charts are those of the finding's ledger entry: a
section formats, and computes none. Rows and cards about one customer are of the portraits, and carry the customer's id,
so that they can be erased. The order of both is in report/page.py.
"""

from dataclasses import dataclass

from course.language import text
from course.report.blocks import note
from course.workflow import Result


@dataclass(frozen=True)
class Page:
    """The report in one language: `result` and its `ledger`, shown in `lang`."""

    result: Result
    ledger: dict
    lang: str

    def phrase(self, message: str, **values: object) -> str:
        """A sentence of the catalogue in the page's language."""
        return text(message, self.lang, **values)

    def few(self, gone: bool) -> list[dict]:
        """What the dashes of a table mean, where it has any for groups of few people."""
        if not gone:
            return []
        return [note(self.phrase("–: fewer than ten people, or a group from which the few could be reckoned."))]

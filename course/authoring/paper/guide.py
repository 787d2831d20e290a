"""The instructor's pages: what a lesson cannot say itself. `lessons/07_segment.teach.yaml` says it of lesson 07.

A figure or a sentence in braces, {285}, is one that the lesson's solution prints or one of its checks says: whatever
prints the guide looks it up, so the page cannot drift from the lesson.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from course.authoring.paper.pages import html
from course.authoring.source import Lesson
from course.authoring.told import heading, told
from course.errors import DataError
from course.language import LANGUAGES, Sentence, text

#: What a page says, in this order; each is Markdown, `clock`, `stuck` and `talk` are lists.
PARTS = ("leave", "needs", "protect", "before", "clock", "stuck", "talk", "short", "early", "access", "after")
CLOCK, STUCK = ("at", "section", "you", "they", "until"), ("see", "behind", "say")
_HERE = Path(__file__).parent
_BRACED = re.compile(r"\{([^{}]+)\}")


def path_of(lesson: Lesson) -> Path:
    """Where a lesson's page stands, written or not."""
    return lesson.path.with_suffix(".teach.yaml")


def read(lesson: Lesson) -> dict[str, dict]:
    """A lesson's page by language, as it was written.

    Raises
    ------
    DataError : a part or a language that is missing or unknown; a row of the clock that lacks a field.
    """
    file = path_of(lesson)
    page = yaml.safe_load(file.read_text(encoding="utf-8"))
    if list(page) != list(LANGUAGES):
        raise DataError("{file} must say the page in {languages}.", file=file.name, languages=", ".join(LANGUAGES))
    for lang, said in page.items():
        if odd := set(said) ^ set(PARTS):
            raise DataError("{file}, {lang}: missing or unknown: {odd}.", file=file.name, lang=lang, odd=sorted(odd))
        for rows, fields in ((said["clock"], CLOCK), (said["stuck"], STUCK)):
            for row in rows:
                if set(row) - set(fields) or fields[0] not in row:
                    raise DataError("{file}, {lang}: this row is not {fields}: {row}.", file=file.name, lang=lang,
                                    fields=", ".join(fields), row=row)  # fmt: skip
    return page


def faults(lesson: Lesson, lang: str, root: Path, messages: str) -> list[str]:
    """What of a page is not so: a figure or sentence in braces that neither the solution prints nor a check says, a
    section that the lesson does not have, a figure of twenty or more that stands without braces.

    Parameters
    ----------
    messages : what the lesson's checks say in `lang`, in one text.
    """
    page, every = read(lesson)[lang], list(told(lesson, lang, root))
    printed = "\n".join([_printed(outputs) for _, outputs in every] + [cell.text for cell, _ in every] + [messages])
    headings = {heading(cell) for cell, _ in every}
    written = yaml.safe_dump(page, allow_unicode=True, width=10_000)
    found = [f"{{{said}}} is nowhere in the lesson" for said in _BRACED.findall(written) if not _in(said, printed)]
    found += [f"no section {row['section']}" for row in page["clock"] if row.get("section") not in headings | {None}]
    return found + [f"{number} stands without braces" for number in _unmarked(page)]


def _in(said: str, printed: str) -> bool:
    """True where a figure stands for itself: 285 is not in 1,285, nor in 285.3."""
    return bool(re.search(rf"(?<![\d.,]){re.escape(said)}(?![.,]?\d)", printed))


def _printed(outputs: list[dict]) -> str:
    said = [one.get("text") or one.get("data", {}).get("text/plain", "") for one in outputs]
    return "\n".join("".join(lines) for lines in said)


def _unmarked(page: dict) -> list[str]:
    """Figures that need a mark. Times, years, minutes and seconds, and what is in code, are the page's own."""
    rows = [{k: v for k, v in row.items() if k not in ("at", "section")} for row in page["clock"]]
    written = yaml.safe_dump(page | {"clock": rows}, allow_unicode=True, width=10_000)
    dates = r"(?<!\d)20\d\d(?!\d)|\d+ ?(?:min|s\b|seconds|分钟|秒|月|日|%|June|December)"
    own = rf"\{{[^{{}}]*\}}|`[^`]*`|\d+:\d\d|[−-]\d+|{dates}"
    found = re.findall(r"\d[\d,.]*\d|\d", re.sub(own, "", written))
    return [n for n in found if not ((value := float(n.replace(",", ""))) < 20 or value == 100)]


def markdown(lesson: Lesson, lang: str) -> str:
    """A lesson's page as Markdown with tables, braces gone."""
    page = read(lesson)[lang]

    def said(part: str) -> str:
        return f"**{NAMES[part].say(lang)}** {page[part]}"

    out = [
        f"## {lesson.title(lang)}",
        *(said(part) for part in ("leave", "needs", "protect")),
        said("before"),
        _table(page["clock"], CLOCK, lang),
        said("stuck").removesuffix(str(page["stuck"])).strip(),
        _table(page["stuck"], STUCK, lang),
        said("talk").removesuffix(str(page["talk"])).strip(),
        "\n".join(f"{n}. {one}" for n, one in enumerate(page["talk"], 1)),
        *(said(part) for part in ("short", "early", "access", "after")),
    ]
    return plain("\n\n".join(out)) + "\n"


def plain(said: str) -> str:
    """What a page says, without the braces around what is looked up."""
    return _BRACED.sub(r"\1", said)


#: What the parts of a page, and the columns of its tables, are called.
NAMES = {
    "leave": Sentence("They leave able to"),
    "needs": Sentence("Needs"),
    "protect": Sentence("The one minute to protect:"),
    "before": Sentence("Before the class."),
    "stuck": Sentence("Where they get stuck"),
    "talk": Sentence("Questions worth the time"),
    "short": Sentence("Short of time?"),
    "early": Sentence("Too early?"),
    "access": Sentence("Screen reader or no mouse:"),
    "after": Sentence("Afterwards"),
    "at": Sentence("clock"),
    "section": Sentence("section"),
    "you": Sentence("you"),
    "they": Sentence("they"),
    "until": Sentence("go on when"),
    "see": Sentence("you see"),
    "behind": Sentence("what is behind it"),
    "say": Sentence("say"),
}


def _table(rows: list[dict], fields: tuple[str, ...], lang: str) -> str:
    lines = [[NAMES[field].say(lang) for field in fields], ["---"] * len(fields)]
    lines += [[str(row.get(field, "")).replace("|", "\\|").replace("\n", " ") for field in fields] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


# --- the whole guide -------------------------------------------------------------------------------------------------


def write(every: list[Lesson], lang: str) -> str:
    """The guide of one language as HTML: plans, the room, and the page of each lesson that has one."""
    minutes = {lesson.name[:2]: (lesson.title(lang), lesson.minutes) for lesson in every}
    general = (_HERE / f"teaching.{lang}.md").read_text(encoding="utf-8")
    for name, halves in yaml.safe_load((_HERE / "plans.yaml").read_text(encoding="utf-8")).items():
        general = general.replace(f"[[{name}]]", _plan(halves, minutes, lang))
    lessons = (
        f'<section class="guide" id="t{lesson.name[:2]}">{html(markdown(lesson, lang))}</section>'
        for lesson in every
        if path_of(lesson).exists()
    )
    return f'<section class="general">{html(general)}</section>{"".join(lessons)}'


def _plan(halves: list[list], minutes: dict[str, tuple[str, int]], lang: str) -> str:
    """One plan as a table: a column a half-day or evening, the clock before each thing."""
    columns = [list(_clock(half, minutes, lang)) for half in halves]
    rows = max(map(len, columns))
    lines = [[column[row] if row < len(column) else "" for column in columns] for row in range(rows)]
    head = list(_halves([half[0] for half in halves], lang))
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(columns), *lines])


def _halves(begin: list[str], lang: str) -> Iterator[str]:
    """What the columns of a plan are called, from the times at which they begin."""
    day = 0
    for number, at in enumerate(begin, 1):
        if at >= "17:00":
            yield text("Evening {n}", lang, n=number)
            continue
        day += at < "12:00"
        yield text("Day {n}, morning", lang, n=day) if at < "12:00" else text("Day {n}, afternoon", lang, n=day)


def _clock(half: list, minutes: dict[str, tuple[str, int]], lang: str) -> Iterator[str]:
    """What begins when; the last line is when the half ends."""
    at = datetime.strptime(half[0], "%H:%M")
    for step in half[1:]:
        if isinstance(step, dict):
            (name, takes), *_ = step.items()
            said = _STEPS[name].say(lang)
        else:
            number, takes = step if isinstance(step, list) else (step, minutes[step][1])
            said = minutes[number][0]
        yield f"{at:%H:%M} {said}"
        at += timedelta(minutes=takes)
    over = text("end", lang)
    yield f"{at:%H:%M} {over}"


_STEPS = {
    "pre_test": Sentence("pre-test"),
    "post_test": Sentence("post-test"),
    "coffee": Sentence("coffee"),
    "recap": Sentence("recap"),
    "slack": Sentence("nothing planned"),
}

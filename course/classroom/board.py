"""A class on one page: who is stuck where, on which mistake, from the codes of `save()`. No names, no server.

Codes come in a text file, a line a seat, or in a folder of such files. A seat is a number; whatever else stands before
a code may be a name and is not shown.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from course import __version__, syllabus, templating
from course.classroom import folders
from course.classroom.progress import mark as mark_of
from course.classroom.progress import unpack, version
from course.classroom.reference import TRIES
from course.errors import DataError
from course.language import Sentence, catalogues, text

#: As long as the code of one who has done nothing, and not as long as a word.
_CODE = re.compile(r"[A-Za-z0-9_-]{24,}")
_SEAT = re.compile(r"(?:seat|no|nr|座位|座|#)?[\s.:_-]*([a-z]?\d{1,3}[a-z]?)[\s号]*", re.IGNORECASE)
_TRIES = re.compile(r"(\d{1,6}) ([0-9a-f]{6})")
_SUFFIXES = (".txt", ".csv", ".code")
#: Known by this in its head, a page may be written over.
MARK = '<meta name="generator" content="course board">'


@dataclass(frozen=True)
class Seat:
    """A seat: `name` as shown, the `content` of its last code, the `version` that made it (None: not told)."""

    name: str
    code: str
    content: dict
    version: str | None


@dataclass
class Class:
    """What was handed in.

    Attributes
    ----------
    seats : in their order
    damaged : seats whose last code cannot be read
    unlabelled : seats that are numbered here, for nothing before their codes is a seat's number
    older : seats whose last code lacks what an earlier one of theirs had right
    without : (file, lines) whose text holds no code; unread : files that cannot be read
    """

    seats: list[Seat] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)
    without: dict[str, int] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def gather(source: str | Path) -> Class:
    """The class whose codes stand in a file, or in the text files of a folder and its folders.

    A line is a code, before it the seat if wanted. A file of a folder may be named after its seat instead. The last
    code of a seat counts.

    Raises
    ------
    DataError : there is no such file or folder.
    """
    source = Path(source)
    if not source.exists():
        raise DataError("{file} does not exist. Check the path and the spelling.", file=source.name)
    out, codes = Class(), defaultdict(list)
    paths = sorted(p for p in source.rglob("*") if p.suffix.lower() in _SUFFIXES) if source.is_dir() else [source]
    for path in paths:
        own = _seat_of(path, source) if source.is_dir() else ""
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, ValueError):
            out.unread.append(path.name)
            continue
        for label, code in _codes(lines, path, out):
            seat = _seat(label) or ("" if label else own)
            # Without a number a label is still its owner's; a code without either stands for itself.
            codes[seat, "" if seat else f"{path} {label or f'#{len(codes)}'}"].append(code)
    _settled(codes, out)
    return out


def _seat_of(path: Path, source: Path) -> str:
    """The seat that a file of a folder is named after, or that its own folder is."""
    return _seat(path.stem) or (_seat(path.parent.name) if path.parent != source else "")


def _seat(label: str) -> str:
    """The number of a seat, where the label is that and nothing more; else nothing."""
    found = _SEAT.fullmatch(label.strip())
    return (found[1].lstrip("0") or "0").upper() if found else ""


def _codes(lines: list[str], path: Path, out: Class) -> Iterator[tuple[str, str]]:
    """(label, code) of each line; a code that a chat has broken over several lines is put together."""
    held: list[str] = []
    for number, line in enumerate(lines):
        found = list(_CODE.finditer(line))
        if found:
            label = line[: found[-1].start()].strip(" \t\"',;:，；：=|“”‘’")
            if held and not label and not _is_whole(held[-1][1]) and _is_whole(held[-1][1] + found[-1][0]):
                held[-1] = (held[-1][0], held[-1][1] + found[-1][0])
            else:
                held.append((label, found[-1][0]))
        elif held and (rest := line.strip(" \t\"'")) and _is_whole(held[-1][1] + rest):
            held[-1] = (held[-1][0], held[-1][1] + rest)
        elif line.strip() and not (number == 0 and path.suffix.lower() == ".csv"):
            out.without[path.name] = out.without.get(path.name, 0) + 1
    yield from held


def _is_whole(code: str) -> bool:
    try:
        unpack(code)
    except DataError:
        return False
    return True


def _settled(codes: dict[tuple[str, str], list[str]], out: Class) -> None:
    """The last code of each seat; codes without a seat are numbered by a sign that no seat has."""
    out.unlabelled = [f"#{n}" for n, _ in enumerate((1 for seat, _ in codes if not seat), 1)]
    numbers = iter(out.unlabelled)
    named = [(seat or next(numbers), every) for (seat, _), every in codes.items()]
    for name, (*before, last) in sorted(named, key=lambda one: _order(one[0])):
        if not _is_whole(last):
            out.damaged.append(name)
            continue
        seat = Seat(name, last, unpack(last), version(last))
        if {e for code in before if _is_whole(code) for e in _right(unpack(code))} - _right(seat.content):
            out.older.append(name)
        out.seats.append(seat)


def _order(name: str) -> tuple[bool, int, str]:
    return name.startswith("#"), int(re.search(r"\d+", name)[0]), name


def _right(content: dict) -> set[str]:
    return {name for name, kind in content["done"].items() if kind == "right"}


# --- what is told of them --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stuck:
    """Seats that are stuck at one exercise with one mistake: `mark` of its sentence, None where no code tells it.

    `tries` : the most checks of any of them.
    """

    exercise: str
    mark: str | None
    seats: tuple[str, ...]
    tries: int


def stuck(seats: list[Seat], exercises: list[str]) -> list[Stuck]:
    """Who is stuck: an exercise that was not right in TRIES checks and is not right now, or lacks a cell before it.

    Codes of before tries were counted tell no more than that it is not right yet: they count as stuck.

    Returns
    -------
    The mistakes that most seats share first, then in the order of the exercises.
    """
    found: dict[tuple[str, str | None], list[tuple[str, int]]] = defaultdict(list)
    for seat in seats:
        for name in exercises:
            count, mark = _tries(seat, name)
            kind = seat.content["done"].get(name)
            if kind == "set_up":
                found[name, "set_up"].append((seat.name, count))
            elif kind == "not_yet" and (mark is None or count >= TRIES):
                found[name, mark].append((seat.name, count))
    told = [Stuck(*key, tuple(n for n, _ in who), max(c for _, c in who)) for key, who in found.items()]
    return sorted(told, key=lambda s: (-len(s.seats), exercises.index(s.exercise), str(s.mark)))


def _tries(seat: Seat, exercise: str) -> tuple[int, str | None]:
    """Checks that were not right yet, and the mark of the last mistake."""
    found = _TRIES.fullmatch(seat.content["tries"].get(exercise, ""))
    return (int(found[1]), found[2]) if found else (0, None)


def mistake(exercise: str, mark: str | None, lang: str) -> str:
    """What the seat was told, as far as its mark tells: the sentence with … in its places."""
    if mark == "set_up":
        return text("A cell before the exercise was not run, or what it made was changed.", lang)
    if mark is None:
        return text("Which mistake it is, the code does not tell.", lang)
    sentences = [_bare(said, lang) for said in _sentences(exercise.rpartition("-")[0]).get(mark, ())]
    return text(" or: ", lang).join(sentences) or text("A mistake that this version of the kit does not know.", lang)


def _bare(message: str, lang: str) -> str:
    said = Sentence(message, **{name: _Any() for name in re.findall(r"\{(\w+)", message)}).say(lang)
    return re.sub(r"(?:…\s*){2,}", "… ", said).strip().replace("….", "…")


class _Any:
    """What stands in a place of a sentence whose figures are not known."""

    def __format__(self, spec: str) -> str:
        return "…"


@cache
def _sentences(topic: str) -> dict[str, tuple[str, ...]]:
    """{mark: the sentences that have it} of what a lesson's checks and the classroom say."""
    from babel.messages.pofile import read_po

    out = defaultdict(list)
    own = folders.file(topic, "zh.po")
    for path in catalogues("zh"):
        if path == own or path.name == "classroom.po":
            with path.open("rb") as file:
                for message in read_po(file):
                    if message.id:
                        out[mark_of(message.id)].append(message.id)
    return {mark: tuple(said) for mark, said in out.items()}


def behind(seats: list[Seat], exercises: list[str]) -> tuple[list[Seat], int]:
    """Seats with less than half as many exercises right as the middle seat has and no mistake to show, and that middle.

    They may be stuck without checking, or have sent their code long ago: the board cannot tell which.
    """
    rights = sorted(len(_right(s.content) & set(exercises)) for s in seats)
    middle = rights[(len(rights) - 1) // 2] if rights else 0
    named = {name for one in stuck(seats, exercises) for name in one.seats}
    quiet = [s for s in seats if s.name not in named and 2 * len(_right(s.content) & set(exercises)) < middle]
    return quiet, middle


def notes(found: Class, lang: str) -> list[str]:
    """What is to be known of the codes themselves."""
    exercises = [name for lesson in syllabus.lessons(lang) for name in lesson.every]
    out = []

    def say(names: list[str], one: Sentence) -> None:
        if names:
            out.append(one.say(lang))

    listed = text(", ", lang).join
    say(found.damaged, Sentence("Damaged or cut short: {seats}. Ask for the whole code.", seats=listed(found.damaged)))
    versions = Counter(s.version for s in found.seats)
    if set(versions) - {__version__}:
        told = [
            Sentence("{version}: {n} {n:seat|seats} ({seats})", version=v or text("an earlier one", lang), n=n,
                     seats=listed(s.name for s in found.seats if s.version == v)).say(lang)
            for v, n in sorted(versions.items(), key=lambda one: (one[0] is None, one[0] or ""))
        ]  # fmt: skip
        out.append(
            text(
                "Not all codes are of this version of the kit ({own}). {told}. Exercises may differ between versions.",
                lang, own=__version__, told=text("; ", lang).join(told),
            )
        )  # fmt: skip
    unknown = sorted({name for s in found.seats for name in s.content["done"]} - set(exercises))
    strange = [s.name for s in found.seats if set(s.content["done"]) & set(unknown)]
    say(strange, Sentence("Hold exercises that this version does not have: {seats}.", seats=listed(strange)))
    for names in _same(found.seats):
        out.append(
            text(
                "{seats} sent one and the same code: pasted twice, or both did exactly the same.",
                lang,
                seats=listed(names),
            )
        )
    say(
        found.older,
        Sentence(
            "{seats}: an earlier code had more right than the last one. The last one counts.",
            seats=listed(found.older),
        ),
    )
    say(
        found.unlabelled,
        Sentence(
            "{seats}: no seat number stands before the code, so they are numbered in the order of the codes; what "
            "stands there is not shown.",
            seats=listed(found.unlabelled),
        ),
    )
    for name, n in found.without.items():
        out.append(text("{file}: {n} {n:line holds|lines hold} no code.", lang, file=name, n=n))
    say(found.unread, Sentence("Not readable as text: {files}.", files=listed(found.unread)))
    return out


def _same(seats: list[Seat]) -> list[list[str]]:
    """Seats with one code; that of one who has done nothing is everybody's."""
    by = defaultdict(list)
    for seat in seats:
        if seat.content["done"]:
            by[seat.code].append(seat.name)
    return [names for names in by.values() if len(names) > 1]


def page(found: Class, lang: str, refresh: int | None = None) -> str:
    """The board as a page in `lang`; `refresh`: seconds after which a browser reads it again."""
    lessons = syllabus.lessons(lang)
    core = [name for lesson in lessons for name in lesson.core]
    told = stuck(found.seats, [name for lesson in lessons for name in lesson.every])
    quiet, middle = behind(found.seats, core)
    return templating.template("board.html.j2").render(
        lang=lang,
        mark=MARK,
        refresh=refresh,
        title=text("Class board: {n} {n:seat|seats}", lang, n=len(found.seats)),
        says=_says(told, quiet, middle, core, lang),
        stuck=[(one, _who(one, lang), mistake(one.exercise, one.mark, lang)) for one in told],
        notes=notes(found, lang),
        lessons=[lesson for lesson in lessons if lesson.core],
        rows=[(seat, [_cell(seat, lesson.core, told) for lesson in lessons if lesson.core]) for seat in found.seats],
    )


def _says(told: list[Stuck], quiet: list[Seat], middle: int, core: list[str], lang: str) -> dict[str, str]:
    """The sentences of the page."""
    far = [text("{seat} ({n} right)", lang, seat=s.name, n=len(_right(s.content) & set(core))) for s in quiet]
    return {
        "stuck": text("{n} {n:seat is|seats are} stuck", lang, n=len({name for one in told for name in one.seats})),
        "rule": text(
            "Stuck: {tries} checks or more of an exercise were not right, or a cell before it is missing. Each seat is "
            "as in its last code: who never checks, or has sent no code since, is not seen here.",
            lang,
            tries=TRIES,
        ),
        "quiet": quiet
        and text(
            "Far behind without a mistake to show: {seats}. The middle seat has {middle} right. Ask them: they may be "
            "stuck without checking, or their code is old.",
            lang,
            seats=text(", ", lang).join(far),
            middle=middle,
        ),
        "codes": text("About the codes", lang),
        "every": text("Every seat", lang),
        "seat": text("Seat", lang),
        "legend": text(
            "3/3: exercises of the core path that are right, of all; !: stuck; *: a solution was looked at; "
            "·: not begun",
            lang,
        ),
        "empty": text("No code has come yet.", lang),
    }


def _who(one: Stuck, lang: str) -> str:
    return text(
        "Seats: {seats}{tries}",
        lang,
        seats=text(", ", lang).join(one.seats),
        tries=Sentence(" · up to {n} {n:check|checks}", n=one.tries) if one.tries else "",
    )


def _cell(seat: Seat, core: tuple[str, ...], told: list[Stuck]) -> tuple[str, str]:
    """What stands in the table for a seat and a lesson, and its kind: done, stuck, begun, open."""
    right = len(_right(seat.content) & set(core))
    if any(one.exercise in core and seat.name in one.seats for one in told):
        return f"{right}/{len(core)} !", "stuck"
    seen = any(name in seat.content["shown"] for name in core)
    kind = "done" if right == len(core) else "begun" if any(n in seat.content["done"] for n in core) else "open"
    return ("·" if kind == "open" else f"{right}/{len(core)}") + ("*" if seen else ""), kind


def write(written: str, out: Path) -> None:
    """Write a page of the class, whole or not at all; an earlier one is written over, anything else is not.

    Raises
    ------
    DataError : another file is there; it cannot be written.
    """
    part = out.with_name(out.name + ".part")
    try:
        if out.exists() and MARK not in out.read_text(encoding="utf-8", errors="replace")[:500]:
            raise DataError("{out} exists already. Name another file, or remove this one first.", out=out.name)
        part.write_text(written, encoding="utf-8", newline="\n")
        os.replace(part, out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DataError("{out} cannot be written ({why}).", out=out.name, why=error.strerror) from None

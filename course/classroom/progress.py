"""Progress: a local file the learner owns, saved and restored as one short code (Binder forgets), or as a file that
holds what was typed as well."""

import base64
import binascii
import contextlib
import json
import os
import re
import sys
import zlib
from pathlib import Path

from course import __version__, syllabus
from course.classroom import room, typed
from course.errors import DataError
from course.language import Sentence

#: done: exercise → outcome · quiz: question → right or wrong · bets · tries: exercise → checks that were not right yet,
#: a blank, the mark of the last mistake's sentence · hands: what was guessed and picked · shown: solutions looked at
_EMPTY = {"done": {}, "quiz": {}, "bets": {}, "tries": {}, "hands": {}, "shown": {}}
#: The sections whose keys are exercises: one that is called otherwise by now keeps what was done.
_BY_EXERCISE = ("done", "tries", "shown")
_FILE = "progress.json"
#: The file of `save(answers=True)`, and the bytes that are read of one.
WITH_ANSWERS, _LARGEST_FILE = "my-answers.json", 4 << 20
#: What the first codes held: a code without them is damaged, without the others it is of an earlier kit.
_OLDEST = ("done", "quiz", "bets")
#: Characters of a code and bytes of what it holds: a whole course is a hundredth of it. A small code can unpack to
#: more than a machine holds.
_LONGEST, _LARGEST = 200_000, 1 << 20


def read() -> dict:
    """What has been done so far; an unreadable file counts as nothing done and is kept beside."""
    path = room.folder() / _FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return _whole({key: content.get(key, {}) for key in _EMPTY})
    except FileNotFoundError:
        return {key: {} for key in _EMPTY}
    except (OSError, ValueError, AttributeError, RecursionError):
        with contextlib.suppress(OSError):  # of a folder that cannot be written
            os.replace(path, path.with_suffix(".unreadable.json"))
        return {key: {} for key in _EMPTY}


def note(exercise: str, kind: str, said: str = "") -> None:
    """Remember the outcome of a check, and what was `said` where it is not right yet; what was right once stays so."""
    if kind == "not_yet":
        record("tries", exercise, f"{tries(exercise) + 1} {mark(said)}")
    record("done", exercise, kind, keep=lambda before: before == "right")


def tries(exercise: str) -> int:
    """How many checks of an exercise were not right yet."""
    count = read()["tries"].get(exercise, "").partition(" ")[0]
    return int(count) if count.isascii() and count.isdigit() else 0


def mark(said: str) -> str:
    """Six signs that stand for a sentence: a code holds them in place of the sentence."""
    return f"{zlib.crc32(said.encode()):08x}"[:6]


def record(section: str, key: str, value: object, keep=lambda before: False) -> None:
    """Remember one thing; a folder that cannot be written costs the memory, never the lesson."""
    content = read()
    if keep(content[section].get(key)):
        return
    content[section][key] = value
    room.keep(_FILE, content)


def progress() -> Sentence:
    """How far the learner is: exercises that are right, quiz questions answered, bets placed."""
    content = read()
    return Sentence(
        "Exercises right: {right}; tried: {tried}. Quiz questions right: {quiz}. Bets placed: {bets}.",
        right=sum(kind == "right" for kind in content["done"].values()),
        tried=sum(kind in ("right", "not_yet") for kind in content["done"].values()),
        quiz=sum(answer == "right" for answer in content["quiz"].values()),
        bets=len(content["bets"]),
    )


def save(answers: bool = False) -> str | Sentence:
    """Everything as one code: copy it, and `restore(code)` brings it back on another machine.

    Parameters
    ----------
    answers : write a file as well that holds the code and what was typed for each exercise that was checked, and say
        where it is; `restore` takes its name.
    """
    content = read() | {"kit": __version__}  # a class may hold copies of several versions: their board says so
    packed = zlib.compress(json.dumps(content, separators=(",", ":"), sort_keys=True).encode(), 9)
    code = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    if not answers:
        return code
    written = typed.read()
    content = {"kit": __version__, "progress": progress().say(), "code": code, "answers": written}
    room.keep(WITH_ANSWERS, content)
    return Sentence(
        "Written to {path}: your progress, and what you typed for {n} {n:exercise|exercises} that you checked. "
        'Download it; on another machine put it beside the notebook, and run restore("{name}").',
        path=room.folder() / WITH_ANSWERS,
        n=len(written),
        name=WITH_ANSWERS,
    )


def restore(code: str | Path) -> Sentence:
    """Bring back what `save` gave; what is right already stays, and so do an open seal and the answers to a test.

    Parameters
    ----------
    code : the code, or the name of a file of `save(answers=True)`, beside the notebook or in the learner's folder: what
        was typed is shown by the check of an exercise that is not attempted yet. What was typed here stays.

    Raises
    ------
    DataError : the code or file is damaged, or there is no such file. Nothing is changed.
    """
    if issubclass(type(code), Path) or (type(code) is str and code.strip().endswith(".json")):
        return _from_file(Path(str(code).strip()))
    _merge(unpack(code))
    return progress()


def _merge(saved: dict) -> None:
    here = read()
    merged = {key: saved[key] | {k: v for k, v in here[key].items() if _stays(v, saved[key].get(k))} for key in _EMPTY}
    room.keep(_FILE, merged)


def _from_file(name: Path) -> Sentence:
    path = next((p for p in (name, room.folder() / name) if p.is_file()), None)
    if path is None:
        raise DataError(
            "There is no file {name} beside this notebook, nor in {folder}.", name=name, folder=room.folder()
        )
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ValueError
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        code, written = content["code"], typed.whole(content["answers"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise DataError("{name} is damaged, or no file that save(answers=True) wrote.", name=path.name) from None
    _merge(unpack(code))
    typed.write(written | typed.read())
    return Sentence(
        "{progress} What you typed for {n} {n:exercise|exercises} is shown where you check an exercise that you have "
        "not done here yet.",
        progress=progress(),
        n=len(written),
    )


def unpack(code: str) -> dict:
    """What a code of `save` holds: the sections of the progress.

    Raises
    ------
    DataError : the code is damaged.
    """
    try:
        content = json.loads(_unpacked("".join(code.split())) if type(code) is str else "")
        return _whole({key: content[key] if key in _OLDEST else content.get(key, {}) for key in _EMPTY})
    except (binascii.Error, zlib.error, ValueError, KeyError, TypeError, RecursionError):
        raise DataError("This code is damaged or cut short. Copy the whole of it once more.") from None


def version(code: str) -> str | None:
    """The version of the kit that made a code `unpack` takes; None for one of before codes told it."""
    told = json.loads(_unpacked("".join(code.split()))).get("kit")
    return told if isinstance(told, str) and re.fullmatch(r"[\w.+-]{1,20}", told) else None


def _unpacked(bare: str) -> bytes:
    if len(bare) > _LONGEST:
        raise ValueError
    unpacking = zlib.decompressobj()
    content = unpacking.decompress(base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)), _LARGEST)
    if not unpacking.eof:  # cut short, or more than is allowed
        raise ValueError
    return content


def _whole(content: dict) -> dict:
    """The content, once all of it is what `record` writes, and can be written: others write such files and codes too.

    Raises
    ------
    ValueError : it is not, or has half a character.
    """
    if not all(isinstance(part, dict) for part in content.values()):
        raise ValueError
    quiz, bets = content["quiz"], content["bets"]
    answered = [text for one in quiz.values() for text in (one.values() if isinstance(one, dict) else [one])]
    told = [text for key in _EMPTY if key not in ("quiz", "bets") for text in content[key].values()]
    if not all(isinstance(text, str) for text in (*told, *answered)):
        raise ValueError
    if not all(isinstance(one, dict) and _is_bet(one) for one in bets.values()):
        raise ValueError
    room.as_written(content)
    return content | {key: syllabus.renamed(content[key]) for key in _BY_EXERCISE}


def _is_bet(one: dict) -> bool:
    if not one.keys() <= {"low", "high", "truth", "held"}:
        return False
    figures = [one.get("low"), one.get("high"), one.get("truth", 0.0)]
    is_opened = isinstance(one.get("held"), bool) and "truth" in one
    return all(type(f) in (int, float) and abs(f) <= sys.float_info.max for f in figures) and (
        is_opened or one.keys().isdisjoint(("held", "truth"))
    )


def _stays(here: object, saved: object) -> bool:
    return (
        saved is None
        or here == "right"
        or (isinstance(here, dict) and not here.keys().isdisjoint(("truth", "answers")))
    )

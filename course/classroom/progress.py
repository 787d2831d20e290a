"""Progress: a local file the learner owns, saved and restored as one short code (Binder forgets)."""

import base64
import binascii
import contextlib
import json
import os
import re
import sys
import zlib

from course import __version__
from course.classroom import room
from course.errors import DataError
from course.language import Sentence

#: done: exercise → outcome · quiz: question → right or wrong · bets · tries: exercise → checks that were not right yet,
#: a blank, the mark of the last mistake's sentence · hands: what was guessed and picked · shown: solutions looked at
_EMPTY = {"done": {}, "quiz": {}, "bets": {}, "tries": {}, "hands": {}, "shown": {}}
#: What the first codes held: a code without them is damaged, without the others it is of an earlier kit.
_OLDEST = ("done", "quiz", "bets")
#: Characters of a code and bytes of what it holds: a whole course is a hundredth of it. A small code can unpack to
#: more than a machine holds.
_LONGEST, _LARGEST = 200_000, 1 << 20


def read() -> dict:
    """What has been done so far; an unreadable file counts as nothing done and is kept beside."""
    path = room.folder() / "progress.json"
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
    _write(content)


def _write(content: dict) -> None:
    path = room.folder() / "progress.json"
    part = path.with_suffix(".part")
    try:
        part.write_bytes(_as_written(content))
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)


def _as_written(content: dict) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")


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


def save() -> str:
    """Everything as one code: copy it, and `restore(code)` brings it back on another machine."""
    content = read() | {"kit": __version__}  # a class may hold copies of several versions: their board says so
    packed = zlib.compress(json.dumps(content, separators=(",", ":"), sort_keys=True).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def restore(code: str) -> Sentence:
    """Bring back what `save` gave; what is right already stays, and so do an open seal and the answers to a test.

    Raises
    ------
    DataError : the code is damaged. Nothing is changed.
    """
    saved = unpack(code)
    here = read()
    merged = {key: saved[key] | {k: v for k, v in here[key].items() if _stays(v, saved[key].get(k))} for key in _EMPTY}
    _write(merged)
    return progress()


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
    _as_written(content)
    return content


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

"""Fills one template of the reader's own, alone in a process: {template, values} in, {text} or {error} out, as JSON.

A template is a stranger's program. Jinja's sandbox keeps it from Python's objects; that it opens no file and takes no
more than its share of time and memory is held by the operating system, where it can be (not on Windows). The process is
started by the path of this file, so that it imports nothing of the kit.
"""

import json
import sys
import traceback

import jinja2
import jinja2.debug  # else imported when an error is told, and no file can be opened then
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError

#: Seconds of computing, bytes of memory, letters of the text.
SECONDS, MEMORY, LONGEST = 2, 512 * 2**20, 2_000_000
_NAME = "<template>"


def fill(template: str, values: dict) -> dict:
    """{text}, or {error: forbidden, much or wrong, why, line}."""
    environment = ImmutableSandboxedEnvironment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: "–" if value is None else value,
    )
    environment.globals.pop("lipsum", None)
    try:
        parts, length = [], 0
        for part in environment.from_string(template).generate(values):
            parts.append(part)
            length += len(part)
            if length > LONGEST:
                return {"error": "much"}
        return {"text": "".join(parts)}
    except SecurityError as error:
        return {"error": "forbidden", "why": str(error), "line": _line(error)}
    except (MemoryError, RecursionError, OverflowError):
        return {"error": "much"}
    except Exception as error:  # whatever a template does wrong: it is told, with its line
        return {"error": "wrong", "why": f"{error}" or type(error).__name__, "line": _line(error)}


def _line(error: Exception) -> int | None:
    """The line of the template that the error comes from."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == _NAME]
    return lines[-1] if lines else None


def _limit() -> None:
    """No more files, time and memory than this, where the system can hold a process to it."""
    try:
        import resource
    except ImportError:  # Windows: the caller's clock alone
        return
    for what, most in ((resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_NOFILE, 3)):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # macOS holds nobody to an amount of memory
            continue


if __name__ == "__main__":
    given = json.load(sys.stdin)
    "".encode("unicode_escape").decode("unicode_escape")  # a codec is a file too, until it is used
    _limit()
    json.dump(fill(given["template"], given["values"]), sys.stdout)

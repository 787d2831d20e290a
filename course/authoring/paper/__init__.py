"""What is printed: the handbook, the instructor's guide, cards; and slides to be shown. `course paper --out DIR`.

Made of what the lessons say and their solutions hold; nothing is executed and nothing is fetched.
"""

from pathlib import Path

from course import extras, whole
from course.authoring.paper import cards, guide, handbook, pages, slides
from course.authoring.source import Lesson, lessons, read
from course.errors import DataError
from course.language import LANGUAGES, text


def build(root: Path, out: Path) -> None:
    """Write the paper of both languages into `out`/en and `out`/zh.

    Parameters
    ----------
    root : the folder that holds lessons/ and solutions/.
    out : the folder to write; it must not exist yet.

    Raises
    ------
    DataError : `out` exists; the lessons' sources are not here; a package of the extra `paper`, or Pango, is missing.
    """
    whole.refuse_used(out)
    if not (root / "lessons").is_dir():
        raise DataError("The lessons' sources are not here: paper is made in the kit's own folder, not from a wheel.")
    extras.bring("weasyprint")  # said before anything is read
    every = [read(path) for path in lessons(root / "lessons")]
    with whole.alone(out), whole.whole_or_absent(out) as new:
        for lang in LANGUAGES:
            (new / lang / "slides").mkdir(parents=True)
            for name, title, body in _printed(every, lang, root):
                pages.pdf(body, title, lang, new / lang / f"{name}.pdf")
            for lesson in every:
                target = new / lang / "slides" / f"{lesson.name}.html"
                target.write_text(slides.write(lesson, lang, root), encoding="utf-8", newline="\n")


def _printed(every: list[Lesson], lang: str, root: Path) -> list[tuple[str, str, str]]:
    """What becomes a PDF: its file, its title, its body."""
    return [
        ("handbook", text("Customer portraits", lang), handbook.write(every, lang, root)),
        ("guide", text("The instructor's guide", lang), guide.write(every, lang)),
        ("talks", text("Talk cards", lang), cards.talks(every, lang, root)),
        ("roles", text("The quarter", lang), cards.roles(lang)),
        ("sheet", text("Beside the keyboard", lang), cards.beside_the_keyboard(lang)),
    ]

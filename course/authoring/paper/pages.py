"""Markdown and pictures as HTML, and HTML as printed pages."""

import base64
import io
import re
from html import escape
from pathlib import Path
from types import ModuleType

from course import charts, extras
from course.errors import DataError
from course.language import Label

_CSS = Path(__file__).parent / "paper.css"
#: The letters of formulas that have Chinese words in them.
_SIGNS = {"mathtext.fontset": "custom", "mathtext.it": "DejaVu Sans:italic", "mathtext.bf": "DejaVu Sans:bold"}
#: Chinese letters; a joiner of words, which has neither width nor meaning.
_HAN, _JOINER = "\u4e00-\u9fff", "\u2060"


def html(source: str) -> str:
    """Markdown with tables, and with formulas between dollars, as HTML."""
    made = extras.bring("markdown_it").MarkdownIt("commonmark", {"html": True}).enable("table")
    dollars = extras.bring("mdit_py_plugins.dollarmath").dollarmath_plugin
    dollars(made, allow_space=False, allow_digits=False, renderer=_formula)
    made.add_render_rule("softbreak", lambda *_: " ")  # WeasyPrint breaks a line again where a line of its source ends
    return made.render(_told_apart(source)).replace(_JOINER, "")


def _told_apart(source: str) -> str:
    """Markdown in which emphasis may end with a Chinese sign: `**容易。**用`.

    CommonMark takes the asterisks between a sign and a letter, with no blank, for asterisks: so a letter that nobody
    sees stands between them and the sign until the page is made.
    """
    ends = re.sub(rf"([^\w\s*\\])(\*+)(?=[{_HAN}])", rf"\1{_JOINER}\2", source)
    return re.sub(rf"([{_HAN}])(\*+)(?=[^\w\s*])", rf"\1\2{_JOINER}", ends)


def _formula(tex: str, _: dict) -> str:
    """A formula as a drawing: printed pages have no other."""
    matplotlib, mathtext = extras.bring("matplotlib"), extras.bring("matplotlib.mathtext")
    drawn, size = io.BytesIO(), 10
    tex = tex.replace(_JOINER, "")
    drawable = re.sub(r"\\[bB]ig+[lr]?(?![a-z])", "", tex).replace("\\tfrac", "\\frac")  # what it has no sign for
    drawable = re.sub(r"\\frac ?(\w) ?(\w)", r"\\frac{\1}{\2}", drawable)
    family = "custom" if re.search(r"[\u4e00-\u9fff]", tex) else "dejavusans"
    with matplotlib.rc_context(_SIGNS | {"mathtext.rm": charts.chinese_font() or "DejaVu Sans"}):
        font = extras.bring("matplotlib.font_manager").FontProperties(size=size, math_fontfamily=family)
        depth = mathtext.math_to_image(f"${drawable}$", drawn, prop=font, dpi=72, format="svg")
    data = base64.b64encode(drawn.getvalue()).decode()
    high = float(re.search(rb'height="([\d.]+)pt"', drawn.getvalue())[1])
    style = f"height:{high / size:.2f}em;vertical-align:-{depth / size:.2f}em"  # as large as the letters around it
    return f'<img class="formula" alt="{escape(tex)}" style="{style}" src="data:image/svg+xml;base64,{data}">'


def picture(output: dict, alt: str) -> str:
    """A stored picture as an element that needs no file."""
    told = output.get("metadata", {}).get("image/png", {}).get("alt") or alt
    data = "".join(output["data"]["image/png"]).strip()
    return f'<img alt="{escape(told)}" src="data:image/png;base64,{data}">'


def line(said: dict, lang: str) -> str:
    """One line of Markdown, given in both languages, without a paragraph around it."""
    return html(Label(**said).say(lang)).strip().removeprefix("<p>").removesuffix("</p>")


def table(output: dict) -> str:
    """What a cell shows as HTML, without a style of its own."""
    return re.sub(r"<style.*?</style>", "", "".join(output["data"]["text/html"]), flags=re.DOTALL)


def pdf(body: str, title: str, lang: str, out: Path) -> list[str]:
    """Write HTML as a PDF; nothing is fetched while it is made.

    Returns
    -------
    of each page the name that its first element with an anchor has, or nothing: as many as there are pages

    Raises
    ------
    DataError : WeasyPrint is not installed, or the Pango that it draws letters with.
    """
    weasyprint = _weasyprint()
    page = (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f'<body class="{escape(out.stem)}">{body}</body></html>'
    )
    of_the_page_itself = extras.bring("weasyprint.urls").URLFetcher(allowed_protocols=["data"], fail_on_errors=True)
    made = weasyprint.HTML(string=page, url_fetcher=of_the_page_itself).render(
        stylesheets=[weasyprint.CSS(filename=str(_CSS))]
    )
    made.write_pdf(str(out))
    return [min(page.anchors, key=lambda name: page.anchors[name][1], default="") for page in made.pages]


def _weasyprint() -> ModuleType:
    try:
        return extras.bring("weasyprint")
    except OSError as error:  # the package is here, a library of the system is not
        raise DataError(
            "Paper needs Pango, which is not on this machine: {why}", why=str(error).splitlines()[0]
        ) from None

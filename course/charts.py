"""Chart style, and figures as text.

matplotlib draws; the page's own fonts write the words (`svg.fonttype: none`), so Chinese labels need no font on the
machine that made the report. In a notebook the picture is a PNG, and there a font has to be found. Colours are Okabe
and Ito's, which colour-blind readers can tell apart.
"""

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # colours alone are asked for where no lesson is, and matplotlib may be missing
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, GREEN, VERMILION, SKY, GREY = "#0072B2", "#009E73", "#D55E00", "#56B4E9", "#7F7F7F"

_FONTS = ["DejaVu Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei", "sans-serif"]
#: Fonts with Chinese characters, in the order of preference.
CHINESE_FONTS = (
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "SimHei",
    "Heiti TC",
)
_STYLE = {
    "font.family": _FONTS,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.edgecolor": GREY,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "course",
}


@cache
def chinese_font() -> str | None:
    """The first font of this machine that has Chinese characters; None where there is none."""
    from matplotlib.font_manager import FontProperties, findSystemFonts, fontManager

    for look_again in (False, True):
        # matplotlib remembers the fonts of its first start: one that was installed since is looked for on the disk.
        for path in findSystemFonts() if look_again else ():
            with contextlib.suppress(RuntimeError, OSError):
                if FontProperties(fname=path).get_name() in CHINESE_FONTS:
                    fontManager.addfont(path)
        installed = {font.name for font in fontManager.ttflist}
        if name := next((name for name in CHINESE_FONTS if name in installed), None):
            return name
    return None


def in_lessons() -> None:
    """The style of the lessons' charts, for seaborn and matplotlib alike: labels in Chinese need a font that has them.

    seaborn's theme resets the font, so it is set through the theme.
    """
    import seaborn as sns

    # Where no font has Chinese, open_lesson says so once; matplotlib would for every character.
    warnings.filterwarnings("ignore", message="Glyph .* missing")
    fonts = ["DejaVu Sans", *([chinese_font()] if chinese_font() else [])]
    rc = _STYLE | {"font.family": fonts, "figure.figsize": (6.4, 3.6), "figure.dpi": 100, "figure.facecolor": "white"}
    rc |= {"axes.facecolor": "white", "figure.constrained_layout.use": True, "axes.unicode_minus": False}
    sns.set_theme(style="ticks", palette=[BLUE, VERMILION, GREEN, SKY, GREY], rc=rc)


@contextlib.contextmanager
def drawing(width: float = 5.4, height: float = 3.2) -> Iterator[tuple["Figure", "Axes"]]:
    """A figure of `width` × `height` inches in the kit's style alone, whatever style a notebook has set; closed at the
    end."""
    import matplotlib.style
    from matplotlib.figure import Figure

    chinese_font()  # labels are measured by the fonts that are there, one among them that matplotlib has not met yet
    # Fonts that this machine lacks are the reader's to have: no word about them.
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)
    # A dollar sign in a name is a dollar sign, not the beginning of a formula.
    style = _STYLE | {"text.parse_math": False}
    with matplotlib.style.context(style, after_reset=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=(width, height), layout="constrained")
        try:
            yield figure, figure.subplots()
        finally:
            log.setLevel(level)


def svg(figure: "Figure", alt: str) -> str:
    """The figure as SVG text with `alt` as its accessible name; the same figure gives the same text."""
    from html import escape

    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    head = re.match(r"<svg[^>]*>", text)
    box = re.search(r'viewBox="[^"]*"', head[0])
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    opening = f'<svg {spaces} {box[0]} role="img" aria-label="{escape(alt)}">'
    return opening + re.sub(r"<metadata>.*?</metadata>", "", text[head.end() :], flags=re.DOTALL)

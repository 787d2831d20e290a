"""How Sphinx makes the site of one language (COURSE_SITE) from what `course.authoring.site` wrote. Fetches nothing."""

import os
import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx import search
from sphinx.search import SearchLanguage

_ZH = os.environ["COURSE_SITE"] == "zh"

project = html_title = "客户画像" if _ZH else "Customer portraits"
author = "customer-portrait-course"
copyright = "CC BY 4.0"
language = "zh_CN" if _ZH else "en"
extensions = ["myst_nb", "sphinx_copybutton"]
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "显示" if _ZH else "Show"
nb_code_prompt_hide = "收起" if _ZH else "Hide"
myst_enable_extensions = ["dollarmath", "colon_fence"]
suppress_warnings = ["mystnb.unknown_mime_type", "myst.header", "myst.xref_missing"]
html_theme = "sphinx_book_theme"
html_theme_options = {
    "home_page_in_toc": True,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
}
html_static_path = ["static"]
html_css_files = ["course.css"]
html_js_files = ["course.js"]
html_copy_source = False
html_show_search_summary = False  # would fetch the pages found, which a browser refuses from file://
html_show_sourcelink = False
html_math_renderer = "mathml"


class Pairs(SearchLanguage):
    """Chinese without a dictionary: two neighbouring signs are a term, in the index and in the query alike.

    In the page the browser cuts the query into words (Intl.Segmenter), and each word into pairs.
    """

    lang = "zh"
    language_name = "Chinese"
    stopwords = frozenset()
    js_stemmer_rawcode = ""
    js_stemmer_code = "var Stemmer = function () { this.stemWord = (word) => word; };"
    js_splitter_code = r"""
var splitQuery = (query) => {
  const terms = [], pairs = (run) => { for (let i = 0; i + 1 < run.length; i++) terms.push(run.slice(i, i + 2)); };
  const cut = (run) => (typeof Intl !== "undefined" && Intl.Segmenter
    ? [...new Intl.Segmenter("zh", { granularity: "word" }).segment(run)].map((part) => part.segment) : [run]);
  for (const run of query.toLowerCase().match(/[\u3400-\u9fff]+|[a-z0-9_]+/gu) || []) {
    if (run.length === 1 || run[0] < "\u3400") { terms.push(run); continue; }
    const before = terms.length;
    cut(run).forEach(pairs);
    if (terms.length === before) pairs(run);
  }
  return terms;
};"""

    def split(self, text: str) -> list[str]:
        """The terms of a text."""
        terms = []
        for run in re.findall(r"[㐀-鿿]+|[a-z0-9_]+", text.lower()):
            alone = run[0] < "㐀" or len(run) == 1
            terms += [run] if alone else [run[i : i + 2] for i in range(len(run) - 1)]
        return terms

    def stem(self, word: str) -> str:
        """The word itself."""
        return word

    def word_filter(self, word: str) -> bool:
        """Every term is looked for."""
        return True


# Sphinx's own Chinese search needs a dictionary, and up to 9.1 its page calls a stemmer that is not there.
search.languages["zh"] = search.languages["zh_CN"] = Pairs


def _inline(self, node) -> None:
    self.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block(self, node) -> None:  # a class of its own: the theme sets .math to the right
    self.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def _number_sections(app, doctree) -> None:
    """Sections are s1, s2, … before what their titles give, so that an address leads to the same place in the other
    language."""
    for n, section in enumerate(doctree.findall(nodes.section), 1):
        section["ids"].insert(0, f"s{n}")


def setup(app) -> None:
    """Formulas as MathML: no script, nothing to fetch."""
    app.connect("doctree-read", _number_sections, priority=400)  # before the tables of contents are collected
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))

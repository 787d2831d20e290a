"""The pages that the kit writes: one way to fill their templates, in which whatever is filled in is made harmless."""

import re
from functools import cache

import jinja2
from markupsafe import Markup, escape

#: What a line is not broken in: a range at its dash, an option of the command line at its hyphens.
_WHOLE = re.compile(r"[\w.,+−¥€£$]{0,12}[\w%]–[\w.,%+−¥€£$]{1,14}|--[a-z][\w-]*")


@cache
def template(name: str) -> jinja2.Template:
    """A template of the kit, by its file name; a value that it is not given is an error."""
    return _environment().get_template(name)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("course", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["unbroken"] = unbroken
    environment.tests["bar"] = lambda cell: isinstance(cell, Markup)
    return environment


def unbroken(words: str) -> Markup:
    """The words as HTML, in which a range and an option of the command line stay on one line."""
    return Markup(_WHOLE.sub(r'<span class="whole">\g<0></span>', str(escape(words))))

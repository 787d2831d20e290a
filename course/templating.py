"""The pages that the kit writes: one way to fill their templates, in which whatever is filled in is made harmless."""

from functools import cache

import jinja2
from markupsafe import Markup


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
    environment.tests["bar"] = lambda cell: isinstance(cell, Markup)
    return environment

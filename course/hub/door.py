"""The door of a Jupyter server: `…/course/zh` is the page of lessons, `…/course/zh/07` opens lesson 07.

One link for each lesson and language, which works in a badge, on a hub and on the reader's own machine alike. It hands
out the copies that are missing and turns JupyterLab's menus to the language of the link.
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from course import places
from course.hub import certificate, copies, index, settings
from course.language import LANGUAGES, text

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

#: Browsers whose screen has no room for JupyterLab beside a notebook.
_SMALL = re.compile("Android|iPhone|Mobile")


def add_to(server: "ServerApp") -> None:
    """Put the door into a server. Kernels that it starts know its address as COURSE_HOME."""
    from jupyter_server.base.handlers import JupyterHandler
    from jupyter_server.utils import url_path_join
    from jupyterlab.commands import get_user_settings_dir
    from tornado import web

    base = url_path_join(server.web_app.settings["base_url"], "course")
    os.environ["COURSE_HOME"] = base

    class Door(JupyterHandler):
        @web.authenticated
        def get(self, lang: str | None = None, number: str | None = None) -> None:
            if lang is None:
                self.redirect(f"{base}/{settings.preferred()}")
                return
            if lang not in LANGUAGES:
                self._lacks(settings.preferred(), lang)
                return
            copies.hand_out()
            settings.settle(Path(get_user_settings_dir()), lang, asked=True)
            if number is None:
                self._shows(index.page(lang, base))
            elif number == "certificate":
                self._shows(certificate.page(lang, base))
            elif (path := copies.lesson(lang, number)) is None:
                self._lacks(lang, f"{lang}/{number}")
            elif (place := _below(path, Path(server.root_dir))) is None:
                self._shows(index.page(lang, base, _elsewhere(lang, server.root_dir)), 404)
            else:
                small = _SMALL.search(self.request.headers.get("User-Agent", ""))
                view = "notebooks" if small and "notebook" in server.extension_manager.extensions else "lab/tree"
                self.redirect(url_path_join(self.base_url, view, _escaped(place)))

        def _lacks(self, lang: str, asked: str) -> None:
            self._shows(index.page(lang, base, text("There is no lesson {lesson}.", lang, lesson=asked)), 404)

        def _shows(self, page: str, status: int = 200) -> None:
            self.set_status(status)
            self.set_header("Cache-Control", "no-store")  # going back from a lesson shows the progress made there
            self.finish(page)

    server.web_app.add_handlers(".*$", [(rf"{re.escape(base)}(?:/([^/]+))?(?:/([^/]+))?/?", Door)])
    server.log.info("The lessons: %s", base)


def _elsewhere(lang: str, served: str) -> str:
    return text(
        "This Jupyter shows {served} alone, and the lessons are in {work}. Start it in a folder above them.",
        lang,
        served=served,
        work=places.home(),
    )


def _below(path: Path, served: Path) -> str | None:
    """A file's place below the served folder; None where it lies elsewhere."""
    path, served = path.resolve(), served.resolve()
    return path.relative_to(served).as_posix() if path.is_relative_to(served) else None


def _escaped(place: str) -> str:
    from jupyter_server.utils import url_escape

    return url_escape(place)

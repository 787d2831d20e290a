"""Build the image that Binder would: repo2docker's own Dockerfile and context, unchanged, by buildah without a daemon.

python build.py REPOSITORY CONTEXT: the folder to be built, and an empty one for the context.
"""

import subprocess
import sys
import tarfile
from pathlib import Path

from repo2docker.app import Repo2Docker
from repo2docker.engine import ContainerEngine

REPOSITORY, CONTEXT = sys.argv[1], Path(sys.argv[2])


class Buildah(ContainerEngine):
    """What repo2docker asks of an engine when it builds."""

    string_output = True

    def images(self):
        """No image is there yet."""
        return []

    def inspect_image(self, image):
        """The base is not looked into."""
        return None

    def build(self, *, buildargs=None, fileobj=None, tag="", dockerfile="", **_):
        """Hand the context to buildah."""
        with tarfile.open(fileobj=fileobj) as held:
            held.extractall(CONTEXT)
        command = ["buildah", "bud", "--isolation", "chroot", "--layers", "--tag", tag]
        command += [f"--build-arg={name}={value}" for name, value in (buildargs or {}).items()]
        done = subprocess.run([*command, "--file", CONTEXT / (dockerfile or "Dockerfile"), CONTEXT])
        if done.returncode:
            sys.exit(done.returncode)
        yield ""


app = Repo2Docker()
app.repo, app.run = REPOSITORY, False
app.base_image, app.output_image_spec = "localhost/binder-base", "localhost/course-binder"
app.user_id, app.user_name = 1000, "jovyan"
app.get_engine = lambda: Buildah(parent=app)
app.initialize()
app.build()

"""`python -m course.hub`: what a container needs before its first learner. Each has copies, and quiet settings."""

from pathlib import Path

from course.hub import copies, settings

if __name__ == "__main__":
    from jupyterlab.commands import get_user_settings_dir

    copies.hand_out()
    settings.settle(Path(get_user_settings_dir()), "en")

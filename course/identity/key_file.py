"""Where the key of the pseudonyms is kept: a file of the reader's own, apart from the data."""

import os
import secrets
from pathlib import Path

from course.errors import DataError


def default() -> Path:
    """The reader's own key file, in the folder where the system keeps settings."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA") or Path.home() / ".config"
    return Path(base) / "customer-portrait" / "key"


def read_or_make(path: Path) -> bytes:
    """The key in `path`; a missing file is made with a new key that only its owner may read.

    Raises
    ------
    DataError : the file cannot be read or made.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
        return path.read_bytes().strip()
    except OSError as error:
        raise DataError(
            "The key {file} cannot be read or made ({why}). Name another file: --key FILE.",
            file=path.name,
            why=error.strerror or str(error),
        ) from None

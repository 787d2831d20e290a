"""The truth about Luming, kept apart from the exports and sealed: published with its checksums, opened a step at a
time."""

import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from course import places
from course.errors import DataError
from course.language import Sentence

#: The tables of truth that each step of the course opens, and what it says before it does.
STEPS = {
    "collect": (
        ("ids", "orders"),
        Sentence(
            "Now opening: which system knows which customer, and who placed every order, those without a card included."
        ),
    ),
    "clean": (
        ("defects",),
        Sentence("Now opening: every defect that was put into the exports, with the true value of each cell."),
    ),
    "identity": (
        ("people", "ids"),
        Sentence("Now opening: who is one person, which ids are theirs, and who shares a phone with the family."),
    ),
    "behaviour": (
        ("shifts", "pairs", "stockouts"),
        Sentence("Now opening: whose preferences shifted, what is bought together, and what was out of stock."),
    ),
    "tag": (
        ("parents", "price_sensitivity"),
        Sentence(
            "Now opening: who has a newborn, who only buys for one, and how much a promotion moves each customer."
        ),
    ),
    "segment": (
        ("psychographics", "items"),
        Sentence("Now opening: the psychographic type of every customer and what stands behind each question."),
    ),
    "clv": (
        ("next_year", "process"),
        Sentence("Now opening: what every customer bought in the year after the books, and who had already left."),
    ),
    "lifecycle": (
        ("process", "tickets"),
        Sentence("Now opening: the day on which each customer left, and who left over a ticket."),
    ),
    "nps": (
        ("population", "answers", "drivers", "texts"),
        Sentence(
            "Now opening: what all customers would have answered, what drives the score, and what each text says."
        ),
    ),
    "ages": (("birthdays",), Sentence("Now opening: whose birthday lies on a day that matters.")),
    "consent": (
        ("consents", "babies"),
        Sentence(
            "Now opening: who said no under one account and meant all, and whose baby's birthday a guardian allowed."
        ),
    ),
    "service": (
        ("tickets", "rating_drivers"),
        Sentence(
            "Now opening: which tickets are one matter, what every customer would have answered, and what drives it."
        ),
    ),
    "tiers": (
        ("members", "tier_effects"),
        Sentence(
            "Now opening: what every member would have topped up with gold and without, and what each tier changes."
        ),
    ),
    "coupons": (("coupons",), Sentence("Now opening: who was given each coupon that was used, and who used it.")),
    "apply": (
        ("campaign_people",),
        Sentence("Now opening: what each invited customer did in one arm and would have done in the other."),
    ),
    "effect": (
        ("campaign_effects",),
        Sentence("Now opening: what each campaign changed, in all customers and in each uplift type."),
    ),
}
#: Opened with every step: the single figures that belong to it.
FACTS = "facts"


@dataclass(frozen=True)
class Unsealed:
    """What a step revealed: `says` what it is, `frames` by name, `facts` (name → value, as text)."""

    step: str
    says: Sentence
    frames: dict[str, pd.DataFrame]
    facts: dict[str, str]


def datasets() -> Path:
    """The folder of Luming's published exports: the kit's own, else what this machine generates of it, once.

    Raises
    ------
    DataError : another process generates it just now; the cache cannot be written.
    """
    if places.is_checkout():
        return places.ROOT / "datasets"
    from course.company import luming

    folder = places.cache() / f"luming-{luming.SEED}"
    if not folder.exists():
        luming.write(luming.SEED, luming.CUSTOMERS, folder)
    return folder


def unseal(step: str, folder: str | Path | None = None) -> Unsealed:
    """Open the truth of one step, after checking that it is the truth that was published.

    Parameters
    ----------
    step : one of STEPS.
    folder : where a company was written. Default: `datasets/` of this project.

    Raises
    ------
    DataError : an unknown step; no truth there; a file that is not the one whose checksum README.md gives.
    """
    if step not in STEPS:
        raise DataError(
            "No truth is kept for the step {step}. There is some for: {steps}.", step=step, steps=", ".join(STEPS)
        )
    folder = datasets() if folder is None else Path(folder)
    names, says = STEPS[step]
    published = _published(folder)
    frames = {name: _opened(folder, f"truth/{name}.parquet", published) for name in (*names, FACTS)}
    facts = frames.pop(FACTS)
    own = facts[facts["step"] == step]
    return Unsealed(step, says, frames, dict(zip(own["name"], own["value"], strict=True)))


def _published(folder: Path) -> dict[str, str]:
    """File → SHA-256, as README.md gives them."""
    path = folder / "README.md"
    if not path.is_file():
        raise DataError("{folder} holds no company: README.md with the checksums is not there.", folder=folder.name)
    return {
        m[1]: m[2]
        for m in re.finditer(r"^\| `([\w./]+)` \| `([0-9a-f]{64})` \|$", path.read_text(encoding="utf-8"), re.M)
    }


def _opened(folder: Path, name: str, published: dict[str, str]) -> pd.DataFrame:
    path = folder / name
    if name not in published or not path.is_file():
        raise DataError("{file} is not there, or README.md does not list it. Write the company again.", file=name)
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != published[name]:
        raise DataError(
            "{file} is not the file that was published: its checksum differs. Write the company again.", file=name
        )
    return pd.read_parquet(io.BytesIO(data))


def seal(frames: dict[str, pd.DataFrame], folder: Path) -> dict[str, str]:
    """Write the truth into `folder`/truth; returns the SHA-256 of every file."""
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    sums = {}
    for name, frame in sorted(frames.items()):
        data = frame.to_parquet(index=False, compression="zstd")
        (folder / "truth" / f"{name}.parquet").write_bytes(data)
        sums[f"truth/{name}.parquet"] = hashlib.sha256(data).hexdigest()
    return sums

"""The film case of lesson 01 as tables: its people, their ratings, and who is a fan under each reading of the rule."""

import re
from pathlib import Path

import pandas as pd

from course import company
from course.company import film

#: "7 or more likes the genre": the rating from which a film is liked.
LIKED = 7
RULES = ("by_any", "by_mean", "by_half")
#: The draw of the case that comes closest to the published counts.
_PUBLISHED = 0


def seed(folder: Path) -> int:
    """The seed of the case: that of the company in `folder`, so that another company has another survey; the shipped
    company has the draw that is closest to the published case."""
    said = re.search(r"from the seed (\d+)", (folder / "README.md").read_text(encoding="utf-8"))
    own = int(said[1]) if said else company.SEED
    return _PUBLISHED if own == company.SEED else own


def film_people(folder: Path) -> pd.DataFrame:
    """The people of the survey, one a row: as `course.company.film.film` gives them."""
    return film.film(seed(folder))[0]


def film_ratings(folder: Path) -> pd.DataFrame:
    """Their ratings, one row a person and film: person_id, film_id, genre, rating (0–10; blank: not seen)."""
    ratings = film.film(seed(folder))[1]
    return ratings.assign(rating=ratings["rating"] + 0.0)  # rounding up from below zero left a rating of -0


def film_titles(folder: Path) -> pd.DataFrame:
    """The ten films: film_id, genre, title_zh, title_en."""
    return film.films()


def film_population(folder: Path) -> pd.DataFrame:
    """Residents of the cities: region, region_en, residents (millions)."""
    return film.population()


def film_fans(folder: Path) -> pd.DataFrame:
    """Who likes a genre, under three readings of the rule "7 or more".

    Returns
    -------
    frame, one row a person and genre, by person and genre: person_id, genre, by_any (one film or more), by_mean (the
    mean of the films seen), by_half (half or more of the films seen)
    """
    seen = film_ratings(folder).dropna(subset="rating")
    groups = seen.assign(liked=seen["rating"] >= LIKED).groupby(["person_id", "genre"])
    fans = pd.DataFrame(
        {
            "by_any": groups["liked"].any(),
            "by_mean": groups["rating"].mean() >= LIKED,
            "by_half": groups["liked"].mean() >= 0.5,
        }
    )
    return fans.reset_index()

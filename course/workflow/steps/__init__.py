"""What a run finds, a file a step.

A step is a module with

    NEEDS     the tables it cannot do without
    DOING     what it says while it works; None where it is done at once
    find(run) what it found (a Finding, or None) and what it could not find, each with its reason

STEPS is their order: a step may build on what stands above it. The report shows each in report/sections, under the
same name.
"""

from types import ModuleType

from course.workflow.steps import (
    actions,
    behaviour,
    changes,
    clean,
    clusters,
    clv,
    effect,
    forecast_score,
    foretelling,
    lifecycle,
    nps,
    portrait,
    posts,
    profiles,
    segment,
    service,
    stake,
    tag,
    total,
    visits,
)

STEPS: tuple[ModuleType, ...] = (
    clean,
    segment,
    clv,
    total,
    forecast_score,
    clusters,
    foretelling,
    stake,
    behaviour,
    visits,
    lifecycle,
    effect,
    nps,
    posts,
    service,
    tag,
    actions,
    changes,
    profiles,
    portrait,
)


def name_of(step: ModuleType) -> str:
    """The name of a step, by which its finding is known: clv."""
    return step.__name__.rpartition(".")[2]

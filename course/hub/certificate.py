"""What a learner has reached, as a page to print. The name is typed into it and goes nowhere: no form, no script."""

from course import templating
from course.hub import index
from course.language import text


def page(lang: str, base: str) -> str:
    """The certificate in `lang`: of each lesson how many core exercises are right, where any is.

    Parameters
    ----------
    base : the server's address of the door, such as /course.
    """
    every = index.entries(lang)
    reached = [lesson for lesson in every if lesson.right]
    return templating.template("certificate.html.j2").render(
        lang=lang,
        back=f"{base}/{lang}",
        title=text("What was reached", lang),
        course=text("Customer portraits", lang),
        name=text("Name", lang),
        rows=[(lesson, index.state(lesson, lang)) for lesson in reached],
        total=text(
            "{right} of {all} core {all:exercise|exercises} right, in {lessons} {lessons:lesson|lessons}.",
            lang,
            right=sum(lesson.right for lesson in reached),
            all=sum(lesson.exercises for lesson in every),
            lessons=len(reached),
        ),
        says=text(
            "The course's own checks found these exercises right on the learner's computer. Nobody watched; "
            "whoever taught may confirm it below.",
            lang,
        ),
        signed=text("Date and signature", lang),
        empty=text("No exercise is right yet: there is nothing to print.", lang),
        to_lessons=text("The lessons", lang),
        how=text("To print: Ctrl+P, on a Mac ⌘P. The name is kept nowhere.", lang),
    )

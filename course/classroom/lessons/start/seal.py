"""Lesson 00 bets on how often the systems know one person."""

from course import company
from course.classroom import room
from course.classroom.bets import Seal
from course.language import Label


def _numbers_a_person() -> float:
    """Customer numbers and user names for each person, on average."""
    ids = company.unseal("collect", room.company()).frames["ids"]
    return len(ids) / ids["person_id"].nunique()


SEAL = Seal(
    Label(
        "How many customer numbers or user names has one person in Luming's systems, on average?",
        "平均一个人在鹿鸣的各个系统里有多少个客户编号或用户名？",
    ),
    ".2f",
    _numbers_a_person,
)

"""Lesson 02."""

TABLES = (
    "crm_raw",
    "app_users_raw",
    "till_members",
    "till_raw",
    "tickets_raw",
    "clicks_raw",
    "app_records",
    "app_pages",
    "questionnaire",
    "questionnaire_errors",
    "imports",
)

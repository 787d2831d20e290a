"""Lesson 03."""

TABLES = (
    "app_orders_raw",
    "members_raw",
    "app_accounts",
    "both_systems",
    "click_times",
    "city_tiers",
    "tampered",
    "defect_prices",
)

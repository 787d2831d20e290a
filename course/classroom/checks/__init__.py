"""What a check knows of the mistakes of a lesson, a file a lesson."""

"""What a lesson begins with besides the prepared tables: one module a topic, one function a table."""

"""What `play` shows, a file a lesson."""

"""What each lesson needs for itself, a folder a topic; the classroom finds a part by its name (`folders`)."""

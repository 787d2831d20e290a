"""What each lesson bets on, a file a lesson: SEAL, with the question and how the truth is found."""

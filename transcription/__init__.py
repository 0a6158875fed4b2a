"""Live speech recognition, one stream per speaker. Knows nothing of the web: numpy and redis only."""

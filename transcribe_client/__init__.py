"""A command line for a meeting transcription server: its microphone, its files, its minutes."""

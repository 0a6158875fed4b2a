"""Who speaks when in audio that several people share: pyannote.audio (the extra `[diarization]`), in a child process.

Only this package imports torch, and only the child (`python -m transcription.diarization`) loads it. `turns` and
`assignment` need nothing but Python.
"""

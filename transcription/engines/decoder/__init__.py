"""Whisper's text decoder on ONNX Runtime, for one window at a time on a CPU.

CTranslate2 goes through known words one by one, and a step of its takes twice as long: there a partial spent half of
its time. Here weights are packed once and known words are read in one pass (decision 0028).
"""

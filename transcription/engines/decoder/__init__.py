"""Whisper's text decoder on ONNX Runtime, for one window at a time on a CPU.

CTranslate2 packs its int8 weights anew for every product and goes through known words one by one: there a partial
spends most of its time. Here weights are packed once and known words are read in one pass (decision 0028).
"""

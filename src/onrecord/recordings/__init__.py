"""Originals, renditions, probing, loudness, encoding, waveform; the pipeline."""

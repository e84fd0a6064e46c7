"""Questionnaires and interview forms: codebooks, and the reading of what was answered."""

"""Vectorised cleaning: raw columns of any Arrow type become typed columns; what can't be is marked with a code."""

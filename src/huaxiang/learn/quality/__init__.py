"""Data quality: what a source measures, how far it moved, and what that means. Arrays and counts in, findings out."""

"""Executes a plan: order, progress, resume, publish."""

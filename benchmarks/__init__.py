"""Ratios against a reference in one run. Seconds alone mean nothing on a shared machine."""

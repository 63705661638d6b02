"""Tests of the street, stage by stage."""

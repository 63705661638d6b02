"""Bugs put into the SQL on purpose, to see whether the tests would find them."""

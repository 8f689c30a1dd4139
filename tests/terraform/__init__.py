"""Tests of what we emit with the real terraform, offline."""

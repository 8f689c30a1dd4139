"""Tests against servers that answer as AWS does, on the loopback interface only."""

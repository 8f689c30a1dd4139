"""The mechanics of a config's keys: files with their lines, kinds of values, and what a class of keys can do."""

"""GitHub's workflows: which tokens their jobs send, which roles they assume, and what they do as these."""

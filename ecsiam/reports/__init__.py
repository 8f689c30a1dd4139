"""Findings for people and machines: text, JSON, SARIF, annotations of GitHub, Markdown for a pull request."""

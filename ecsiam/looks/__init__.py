"""How values look: `repr` on one line, and pages of text, HTML and Markdown. Knows nothing of what the values are."""

"""Roles that pipelines deploy with: who may assume them by a token, and what they may do."""

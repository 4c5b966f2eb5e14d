"""Engines on servers that exist: pages go to them over HTTP, and come back as a model's text."""

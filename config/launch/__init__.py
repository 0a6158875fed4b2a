"""Starts everything on one machine: private stores where none are given, then every process of the product."""

"""Contracts that were sold elsewhere move in: read and checked, taken over, released (docs/decisions/adoption.md)."""

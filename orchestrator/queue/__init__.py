"""Runs that are submitted and carried out by workers. `application` and what it hands out alone know Procrastinate."""

"""Who is told how a run ended, and in which form.

`settings` (who) -> `message` (what is said, pure) -> `formats` (as each receiver reads it, pure) -> `post`, `mail` (it
is sent) -> `tell` (to all of them at once; whatever becomes of it is a line, never an error).
"""

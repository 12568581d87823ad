-- Version 1.1.0 writes a note beside an appointment. The column is nullable and without default: adding it rewrites
-- nothing, and version 1.0.0, which names the columns it writes, works on. The lock is short but exclusive, so that it
-- waits no longer than this behind a slow transaction instead of letting every reader queue up behind it.
SET lock_timeout = '5s';

ALTER TABLE appointment ADD COLUMN IF NOT EXISTS note text CHECK (length(note) <= 500);

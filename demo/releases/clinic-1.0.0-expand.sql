-- The appointment book as version 1.0.0 needs it. Run as the owner of the database, any number of times.
SET lock_timeout = '5s';

CREATE TABLE IF NOT EXISTS appointment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient text NOT NULL CHECK (length(patient) BETWEEN 1 AND 80),
    doctor text NOT NULL,
    starts_at timestamp NOT NULL,
    cancelled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS appointment_upcoming ON appointment (starts_at, id) WHERE cancelled_at IS NULL;

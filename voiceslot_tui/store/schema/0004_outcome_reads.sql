-- How often the conversation of an ended call was read for its outcome: pauses, quiet hours and
-- outages, in which nobody reads, must not count as time that was waited.
ALTER TABLE follow_up ADD COLUMN outcome_reads INTEGER NOT NULL DEFAULT 0;

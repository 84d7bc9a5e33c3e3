-- What people wrote to us: which messages were heard, and up to when the messenger's list was read.

-- A message is heard once, whichever road brings it. Kept for as long as a list may show it again.
CREATE TABLE heard (
    message_sid TEXT PRIMARY KEY,
    channel TEXT NOT NULL CHECK (channel IN (/*Channel*/)),
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX heard_at ON heard (channel, at);

-- By the messenger's clock.
CREATE TABLE inbox (
    channel TEXT PRIMARY KEY CHECK (channel IN (/*Channel*/)),
    read_to INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A message of which nothing more was heard for a week keeps its person's name no longer either.
DROP INDEX follow_up_untidy;
CREATE INDEX follow_up_untidy ON follow_up (changed_at)
    WHERE state NOT IN ('due', 'sending', 'blocked')
    AND (name <> '' OR summary <> '' OR email <> '');

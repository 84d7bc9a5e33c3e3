-- Follow-ups, the tries to send them, who wants none, and what is remembered of batches.
-- Words are the values of the enums in core/follow_ups.py.

CREATE TABLE follow_up (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    to_number TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN (/*FollowUpState*/)),
    ended_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    disposition TEXT NOT NULL CHECK (disposition IN (/*Disposition*/)),
    outcome_known INTEGER NOT NULL CHECK (outcome_known IN (0, 1)),
    name TEXT NOT NULL,
    summary TEXT NOT NULL,
    email TEXT NOT NULL,
    conversation_id TEXT,
    call_id INTEGER REFERENCES call (id),
    batch_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN (/*Channel*/)),
    needs_template INTEGER NOT NULL CHECK (needs_template IN (0, 1)),
    try_id TEXT,
    tries INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    resends INTEGER NOT NULL,
    insisted INTEGER NOT NULL CHECK (insisted IN (0, 1)),
    due_at INTEGER,
    waits_for TEXT CHECK (waits_for IN (/*WaitReason*/)),
    skipped_for TEXT CHECK (skipped_for IN (/*SkipReason*/)),
    blocked_for TEXT CHECK (blocked_for IN (/*BlockReason*/)),
    content_sid TEXT NOT NULL,
    code INTEGER,
    detail TEXT NOT NULL,
    CHECK (due_at IS NULL OR state = 'due'),
    CHECK (waits_for IS NULL OR state = 'due'),
    CHECK ((skipped_for IS NULL) = (state <> 'skipped')),
    CHECK ((blocked_for IS NULL) = (state <> 'blocked'))
) STRICT;

-- A call of ours gets one message, whatever its conversation turns out to be.
CREATE UNIQUE INDEX follow_up_call ON follow_up (call_id) WHERE call_id IS NOT NULL;
-- To be sent now (no time) or at a time. What waits for an event alone is never in it.
CREATE INDEX follow_up_due ON follow_up (due_at, id)
    WHERE state = 'due' AND (waits_for IS NULL OR due_at IS NOT NULL);
CREATE INDEX follow_up_waiting ON follow_up (waits_for, id)
    WHERE state = 'due' AND waits_for IS NOT NULL;
-- What a template can release. Where no channel is set up, no template helps.
CREATE INDEX follow_up_blocked ON follow_up (content_sid, blocked_for, failures)
    WHERE state = 'blocked' AND blocked_for <> 'no_channel';
-- What goes when a number is suppressed.
CREATE INDEX follow_up_open_number ON follow_up (to_number) WHERE state IN ('due', 'blocked');
-- People without a number are counted by their address.
CREATE INDEX follow_up_email ON follow_up (email) WHERE to_number = '' AND email <> '';
-- What is done and still holds names and texts.
CREATE INDEX follow_up_untidy ON follow_up (changed_at)
    WHERE state IN ('delivered', 'read', 'failed', 'skipped')
    AND (name <> '' OR summary <> '' OR email <> '');
-- What pages walk along.
CREATE INDEX follow_up_state ON follow_up (state, id);
CREATE INDEX follow_up_skipped ON follow_up (skipped_for, id) WHERE skipped_for IS NOT NULL;
CREATE INDEX follow_up_code ON follow_up (code, id) WHERE code IS NOT NULL;
CREATE INDEX follow_up_batch ON follow_up (batch_id, id) WHERE batch_id <> '';

-- Every name that an ended call is known by. Never deleted from: a name that were forgotten could
-- be written to once more.
CREATE TABLE follow_up_key (
    key TEXT PRIMARY KEY,
    follow_up_id INTEGER NOT NULL REFERENCES follow_up (id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER follow_up_key_is_not_deleted BEFORE DELETE ON follow_up_key
BEGIN
    SELECT RAISE (ABORT, 'names of ended calls are not forgotten');
END;

CREATE TABLE message_try (
    id TEXT PRIMARY KEY,
    follow_up_id INTEGER NOT NULL REFERENCES follow_up (id),
    -- That of the follow-up, so that a person's messages are counted along one index.
    to_number TEXT NOT NULL,
    number INTEGER NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN (/*Channel*/)),
    form TEXT NOT NULL CHECK (form IN (/*Form*/)),
    state TEXT NOT NULL CHECK (state IN (/*TryState*/)),
    started_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    message_sid TEXT,
    content_sid TEXT NOT NULL,
    code INTEGER,
    lookups INTEGER NOT NULL,
    first_lookup_at INTEGER,
    detail TEXT NOT NULL,
    look_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX message_try_sid ON message_try (message_sid) WHERE message_sid IS NOT NULL;
CREATE INDEX message_try_follow_up ON message_try (follow_up_id, number);
CREATE INDEX message_try_sent_to ON message_try (to_number, started_at)
    WHERE to_number <> '' AND state NOT IN ('not_sent', 'failed');
CREATE INDEX message_try_sending ON message_try (id) WHERE state = 'sending';
CREATE INDEX message_try_doubt ON message_try (look_at)
    WHERE look_at IS NOT NULL AND state = 'ambiguous';
CREATE INDEX message_try_look ON message_try (look_at)
    WHERE look_at IS NOT NULL AND state <> 'ambiguous';

CREATE TABLE suppression (
    number TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    why TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- When people wrote to us last.
CREATE TABLE person (
    number TEXT PRIMARY KEY,
    wrote_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE batch (
    batch_id TEXT PRIMARY KEY,
    body BLOB NOT NULL,
    figures BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE batch_check (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    began_at INTEGER NOT NULL
) STRICT;

ALTER TABLE journal ADD COLUMN follow_up_id INTEGER;
CREATE INDEX journal_follow_up ON journal (follow_up_id, seq) WHERE follow_up_id IS NOT NULL;

-- Counters: of all messages beside those of calls, and of each batch in a table of its own, so
-- that reading all counters does not grow with the number of batches.
CREATE TABLE batch_counter (
    batch_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN (/*FollowUpState*/)),
    n INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (batch_id, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER follow_up_is_due_at_first BEFORE INSERT ON follow_up
WHEN new.state <> 'due' OR new.waits_for IS NOT NULL
BEGIN
    SELECT RAISE (ABORT, 'a follow-up begins as due');
END;
CREATE TRIGGER follow_up_counts_new AFTER INSERT ON follow_up
BEGIN
    UPDATE counter SET n = n + 1 WHERE kind = 'message_state' AND name = new.state;
    INSERT INTO batch_counter (batch_id, state, n)
        SELECT new.batch_id, new.state, 1 WHERE new.batch_id <> ''
        ON CONFLICT (batch_id, state) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER follow_up_counts_state AFTER UPDATE OF state ON follow_up
WHEN old.state <> new.state
BEGIN
    UPDATE counter SET n = n - 1 WHERE kind = 'message_state' AND name = old.state;
    UPDATE counter SET n = n + 1 WHERE kind = 'message_state' AND name = new.state;
    UPDATE batch_counter SET n = n - 1 WHERE batch_id = old.batch_id AND state = old.state;
    INSERT INTO batch_counter (batch_id, state, n)
        SELECT new.batch_id, new.state, 1 WHERE new.batch_id <> ''
        ON CONFLICT (batch_id, state) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER follow_up_counts_wait AFTER UPDATE OF waits_for ON follow_up
WHEN old.waits_for IS NOT new.waits_for
BEGIN
    UPDATE counter SET n = n - 1 WHERE kind = 'message_wait' AND name = old.waits_for;
    UPDATE counter SET n = n + 1 WHERE kind = 'message_wait' AND name = new.waits_for;
END;
CREATE TRIGGER follow_up_counts_skip AFTER UPDATE OF skipped_for ON follow_up
WHEN old.skipped_for IS NOT new.skipped_for
BEGIN
    UPDATE counter SET n = n - 1 WHERE kind = 'message_skip' AND name = old.skipped_for;
    UPDATE counter SET n = n + 1 WHERE kind = 'message_skip' AND name = new.skipped_for;
END;
CREATE TRIGGER follow_up_counts_block AFTER UPDATE OF blocked_for ON follow_up
WHEN old.blocked_for IS NOT new.blocked_for
BEGIN
    UPDATE counter SET n = n - 1 WHERE kind = 'message_block' AND name = old.blocked_for;
    UPDATE counter SET n = n + 1 WHERE kind = 'message_block' AND name = new.blocked_for;
END;
CREATE TRIGGER follow_up_counts_code AFTER UPDATE OF state, code ON follow_up
WHEN old.state = 'failed' OR new.state = 'failed'
BEGIN
    UPDATE counter SET n = n - 1
        WHERE kind = 'message_code' AND name = CAST (old.code AS TEXT) AND old.state = 'failed';
    INSERT INTO counter (kind, name, n)
        SELECT 'message_code', CAST (new.code AS TEXT), 1
        WHERE new.state = 'failed' AND new.code IS NOT NULL
        ON CONFLICT (kind, name) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER suppression_counts_new AFTER INSERT ON suppression
BEGIN
    UPDATE counter SET n = n + 1 WHERE kind = 'suppressed' AND name = '';
END;
CREATE TRIGGER suppression_counts_gone AFTER DELETE ON suppression
BEGIN
    UPDATE counter SET n = n - 1 WHERE kind = 'suppressed' AND name = '';
END;

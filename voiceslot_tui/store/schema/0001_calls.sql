-- Calls, their attempts, the journal of what happened, and the counters kept beside them.
-- Times are milliseconds since 1970 in UTC. Words are the values of the enums in core/calls.py.

CREATE TABLE engine (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL,
    first_started_at INTEGER NOT NULL
) STRICT;

CREATE TABLE control (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    body BLOB NOT NULL
) STRICT;

CREATE TABLE call (
    id INTEGER PRIMARY KEY,
    to_number TEXT NOT NULL,
    name TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    agent_phone_number_id TEXT NOT NULL,
    priority INTEGER NOT NULL CHECK (priority BETWEEN -1000 AND 1000),
    position INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN (/*CallState*/)),
    hold TEXT CHECK (hold IN (/*Hold*/)),
    due_at INTEGER,
    holding INTEGER NOT NULL CHECK (holding IN (0, 1)),
    cancel_wished INTEGER NOT NULL CHECK (cancel_wished IN (0, 1)),
    disposition TEXT CHECK (disposition IN (/*Disposition*/)),
    attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    refusals INTEGER NOT NULL,
    attempt_id TEXT,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    ended_at INTEGER,
    client_data BLOB,
    -- Ascending twins, so that one index serves pages in both directions. The id has one because
    -- SQLite never seeks the rowid as a part of a row value: it would walk all rows of one priority.
    row_order INTEGER NOT NULL GENERATED ALWAYS AS (id) VIRTUAL,
    nprio INTEGER NOT NULL GENERATED ALWAYS AS (-priority) VIRTUAL,
    nended INTEGER GENERATED ALWAYS AS (-ended_at) VIRTUAL,
    part INTEGER GENERATED ALWAYS AS (
        CASE
            WHEN state = 'queued' THEN 1
            WHEN state IN ('dialing', 'uncertain', 'live', 'unknown', 'wrapping_up') THEN 0
        END
    ) VIRTUAL,
    -- A cancelled call keeps what held it, so that undoing the cancel brings it back as it was.
    CHECK (hold IS NULL OR state IN ('queued', 'cancelled')),
    CHECK (due_at IS NULL OR hold IS NOT NULL),
    CHECK (holding = 0 OR state IN ('dialing', 'uncertain', 'live', 'unknown')),
    CHECK (holding = 1 OR state NOT IN ('dialing', 'uncertain', 'live'))
) STRICT;

-- Ready to dial, in dispatch order. Calls that wait for anything of their own are never in it.
CREATE INDEX call_ready ON call (nprio, position, id) WHERE state = 'queued' AND hold IS NULL;
-- Waiting for a time.
CREATE INDEX call_due ON call (due_at) WHERE state = 'queued' AND hold = 'retry_wait';
-- Waiting for a number, and for an agent or phone number, to be usable again.
CREATE INDEX call_number_waiting ON call (to_number, nprio, position, id)
    WHERE state = 'queued' AND hold = 'number_busy_elsewhere';
CREATE INDEX call_denied ON call (agent_id, agent_phone_number_id, nprio, position, id)
    WHERE state = 'queued' AND hold = 'platform_denied';
-- Under way: as many as there are slots, and a little more.
CREATE INDEX call_under_way ON call (to_number)
    WHERE state IN ('dialing', 'uncertain', 'live', 'unknown', 'wrapping_up');
-- What pages walk along.
CREATE INDEX call_queue_order ON call (part, nprio, position, row_order) WHERE part IS NOT NULL;
CREATE INDEX call_done_order ON call (nended, row_order) WHERE ended_at IS NOT NULL;
CREATE INDEX call_number ON call (to_number);

CREATE TABLE attempt (
    id TEXT PRIMARY KEY,
    call_id INTEGER NOT NULL REFERENCES call (id),
    number INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN (/*AttemptState*/)),
    started_at INTEGER NOT NULL,
    holds_until INTEGER NOT NULL,
    conversation_id TEXT,
    call_sid TEXT,
    accepted_at INTEGER,
    over_at INTEGER,
    lookups INTEGER NOT NULL,
    first_lookup_at INTEGER,
    disposition TEXT CHECK (disposition IN (/*Disposition*/)),
    talk_s INTEGER,
    detail TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX attempt_conversation ON attempt (conversation_id)
    WHERE conversation_id IS NOT NULL;
CREATE INDEX attempt_sid ON attempt (call_sid) WHERE call_sid IS NOT NULL;
CREATE INDEX attempt_call ON attempt (call_id);

-- Ends of conversations that no attempt of ours has named: other people's calls (a late list must
-- not revive them), and news that overtook the answer of its own dial.
CREATE TABLE news (
    name TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX news_at ON news (at);

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    answer BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

-- Who did what to which call. Written, never changed.
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    call_id INTEGER,
    attempt_id TEXT,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX journal_call ON journal (call_id, seq) WHERE call_id IS NOT NULL;
CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE (ABORT, 'the journal is not changed');
END;
CREATE TRIGGER journal_is_not_deleted BEFORE DELETE ON journal
BEGIN
    SELECT RAISE (ABORT, 'the journal is not deleted from');
END;

-- Counters live in the transactions that change what they count; `add` counts its own rows.
CREATE TABLE counter (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    n INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER call_counts_state AFTER UPDATE OF state ON call WHEN old.state <> new.state
BEGIN
    UPDATE counter SET n = n - 1 WHERE kind = 'state' AND name = old.state;
    UPDATE counter SET n = n + 1 WHERE kind = 'state' AND name = new.state;
END;
CREATE TRIGGER call_counts_hold AFTER UPDATE OF hold, state ON call
WHEN old.hold IS NOT NULL OR new.hold IS NOT NULL
BEGIN
    UPDATE counter SET n = n - 1 WHERE kind = 'hold' AND name = old.hold AND old.state = 'queued';
    UPDATE counter SET n = n + 1 WHERE kind = 'hold' AND name = new.hold AND new.state = 'queued';
END;
CREATE TRIGGER call_counts_holding AFTER UPDATE OF holding ON call WHEN old.holding <> new.holding
BEGIN
    UPDATE counter SET n = n + new.holding - old.holding WHERE kind = 'holding' AND name = '';
END;
CREATE TRIGGER attempt_counts_disposition AFTER UPDATE OF disposition ON attempt
WHEN old.disposition IS NOT new.disposition
BEGIN
    UPDATE counter SET n = n - 1 WHERE kind = 'disposition' AND name = old.disposition;
    UPDATE counter SET n = n + 1 WHERE kind = 'disposition' AND name = new.disposition;
END;

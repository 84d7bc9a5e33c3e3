"""Every bound of the product, with its unit and its reason.

A bound stands here and nowhere else, so that one page answers "what happens when it is too much".
Nothing here is a setting: an operator changes `settings`, never these.
"""

from __future__ import annotations

from typing import Final

# What a producer may ask for.
PRIORITY_MIN: Final = -1000
PRIORITY_MAX: Final = 1000
ATTEMPTS_MAX: Final = 10
"""Dials of one call at the most; more is a mistake, not a policy."""
ID_CHARS_MAX: Final = 200
"""Length of an agent id, a phone-number id or an idempotency key, in characters."""
CLIENT_DATA_BYTES_MAX: Final = 64 * 1024
"""One call's client data as JSON; larger blocks slow every page that shows the call."""
ENQUEUE_BODY_BYTES_MAX: Final = 256 * 1024
WEBHOOK_BODY_BYTES_MAX: Final = 4 * 1024 * 1024
"""A long transcript is about 1 MiB; audio (which would be larger) is not subscribed."""
FORM_BODY_BYTES_MAX: Final = 256 * 1024
"""A webhook of Twilio's: 1,600 characters of a person take 20 KB as a form, its other fields 4."""
BODY_READ_TIMEOUT_S: Final = 5.0
ENQUEUE_BATCH_MAX: Final = 5_000
"""Calls in one transaction: more would hold up the commits of running calls."""
IDEMPOTENCY_KEPT_DAYS: Final = 7

# Strangers at the listener.
LISTENER_IDLE_S: Final = 5.0
"""How long a connection may stay silent, or take for the head of its request."""
LISTENER_LINGER_S: Final = 2.0
"""How long the rest of a refused body is read and thrown away, so that the refusal arrives."""
LISTENER_STOP_S: Final = 3.0
LISTENER_CONNECTIONS_MAX: Final = 512
"""Open connections of the listener; who was silent longest gives way to a new one."""
BODIES_BYTES_MAX: Final = 64 * 1024 * 1024
"""All bodies being received at one time; past that strangers' long ones are answered "busy"."""
BODY_SHORT_BYTES: Final = 64 * 1024
"""A body that is always received: one on each connection takes 32 MiB."""
BAD_SIGNATURES_PER_MINUTE: Final = 60
"""From one address, before it is told to slow down; good signatures are never counted."""
ADDRESSES_REMEMBERED_MAX: Final = 1024
HEALTH_REMEMBERED_S: Final = 1.0
"""How long an answer about health is repeated, since anybody may ask."""
WRITE_TROUBLE_SHOWN_S: Final = 10.0
"""How long a failed write makes the health bad if no other write says otherwise."""

# Slots and dialling.
LIMIT_MAX: Final = 10_000
"""Slots one engine serves; the highest we measured the ledger with."""
LIMIT_SHRINK_FACTOR: Final = 0.85
LIMIT_SHRINK_EVERY_S: Final = 5.0
LIMIT_GROW_PER_END: Final = 2.0
"""Divided by the limit: slots regained by each confirmed end after a refusal for capacity."""
DISPATCH_BATCH_MAX: Final = 200
"""Calls reserved in one transaction."""
DIALS_AT_ONCE_MAX: Final = 150
"""Starts under way at once: fewer than connections, so that none waits for a connection."""
DIAL_STALE_S: Final = 5.0
"""A reservation older than this when its request is about to leave is withdrawn: we slept."""
REFUSAL_BACKOFF_S: Final = 5.0
REFUSALS_MAX: Final = 5
"""Answers without success and without ids, per call, before the call ends as refused."""
UNREACHABLE_BACKOFF_S: Final = 1.0
UNREACHABLE_BACKOFF_MAX_S: Final = 30.0
RATE_BACKOFF_MAX_S: Final = 300.0
BREAKER_UNANSWERED: Final = 3
BREAKER_PROBE_EVERY_S: Final = 60.0
DENIED_PROBE_EVERY_S: Final = 60.0
DENIED_PROBE_MAX_S: Final = 600.0
DISPATCH_LOOK_S: Final = 2.0
"""For how long the dispatcher waits for a time at most: the wall clock may be set meanwhile."""
PACING_CATCH_UP_S: Final = 0.1
"""How far pacing may catch up with a late wake-up; quiet time is never banked."""

# Looking things up.
READING_STALE_POLLS: Final = 5
READING_STALE_MIN_S: Final = 15.0
LOOKUPS_FOR_UNKNOWN: Final = 3
LOOKUP_SKEW_S: Final = 60.0
"""How much earlier than our own clock the platform may date a conversation."""
LOOKUP_DETAILS_MAX: Final = 20
"""Conversations opened in one search for an attempt; more makes the look-up incomplete."""
LIVE_TALK_MAX_S: Final = 86_400.0
"""How long ago a conversation that is still live may have begun. Others in the workspace may talk
longer than our own calls can, and use their slots all that time."""
LIST_PAGES_MAX: Final = 200
"""Pages of 100 read from one list; a longer list makes the reading incomplete."""
ASK_AT_ONCE_MAX: Final = 20
"""Conversations asked about by id at one time; as many again where strangers have named them."""
ASK_WITHIN_S: Final = 4.0
"""How long the next reading of the live calls waits for what is asked about single ones, and for a
slow disk that takes the answers: what is known of the slots must not grow stale over it."""
WRAP_UP_MAX_S: Final = 900.0
"""How long the outcome of an ended call is waited for."""
UNDO_S: Final = 30.0

# Follow-ups.
FOLLOW_UP_TOO_OLD_S: Final = 24 * 3600.0
"""A message about a call that ended longer ago is not sent unless an operator wants it."""
FOLLOW_UP_OUTCOME_EVERY_S: Final = 20.0
"""How long until a conversation whose outcome was not there yet is read again."""
FOLLOW_UP_OUTCOME_READS_MAX: Final = 2_160
"""How often it is, for twelve hours at least; then what the call's status suggests must do."""
FOLLOW_UP_OUTCOME_ANSWER_COUNTS: Final = 12
"""What a reading counts that was answered, in vain: an hour of such answers is enough."""
FOLLOW_UP_OUTCOME_SELDOM_S: Final = 600.0
"""How long until the next time after that, where the status suggests to send nothing."""
WINDOW_S: Final = 24 * 3600.0
"""For how long after a person's own message WhatsApp takes free text (Twilio, error 63016)."""
WINDOW_MARGIN_S: Final = 300.0
"""How much earlier we let the window close, because a message also takes its time."""
LISTINGS_FOR_NOT_FOUND: Final = 3
LISTINGS_OVER_S: Final = 30.0
"""Seconds over which listings must have failed; how fresh Twilio's list is, it does not say."""
DOUBT_LOOKED_UP_AFTER_S: Final = 10.0
"""How long until a message in doubt is first looked for: the messenger's list is not quite live."""
DELIVERY_LOOKED_UP_AFTER_S: Final = 5.0
"""How long news of a message may stay out until it is asked for; callbacks come within seconds."""
MESSAGED_LOOKED_BACK_S: Final = 48 * 3600.0
"""How far back a person's messages are counted: two days cover any calendar day of theirs."""
FOLLOW_UPS_JUDGED_MIN: Final = 64
FOLLOW_UPS_JUDGED_PER_CLAIM: Final = 4
"""Due messages judged in one transaction, for each that may be claimed, and at the least."""
FOLLOW_UPS_MOVED_MAX: Final = 500
"""Messages woken, released or tidied in one transaction."""
FOLLOW_UP_TEXTS_KEPT_DAYS: Final = 7
SUPPRESSED_AT_ONCE_MAX: Final = 1_000
"""Queued calls and messages of one number that go with its suppression; the rest goes when due."""
RESENDS_MAX: Final = 1
"""How often an ambiguous message is sent again where FOLLOW_UP_AMBIGUOUS=resend allows it."""
TEMPLATE_RELEASES_MAX: Final = 3
"""How often a template that is said to be approved and still refuses is tried by itself."""
COMMON_HOUR_WITHIN_S: Final = 48 * 3600.0
"""How far ahead an hour is looked for that is not quiet in any zone of a number."""
TEMPLATE_SOURCE_BYTES_MAX: Final = 2_000
"""A text as operators write it; with no loops and no arithmetic this bounds the work too."""
TEMPLATE_DEPTH_MAX: Final = 8
MESSAGE_CHARS_MAX: Final = 1_600
"""Twilio's bound for a message's text (error 21617)."""
VARIABLE_CHARS_MAX: Final = 700
"""One variable of a Content template: WhatsApp allows 1,024 for template and variables together
(error 63021)."""
VARIABLES_MAX: Final = 100
SUMMARY_CHARS_MAX: Final = 500
SUMMARY_READ_CHARS_MAX: Final = 20_000
"""How much of a summary is looked at; the rest is cut off before it is cleaned."""
NAME_CHARS_MAX: Final = 60
FORM_FIELDS_MAX: Final = 200
"""Fields of one callback of Twilio's; it sends about thirty."""
MESSAGE_LIST_MAX: Final = 1_000
"""Messages to one person that are looked through for one; a longer list is not judged."""
SET_BACK_MAX_S: Final = 24 * 3600.0
"""By how much a clock of ours may have been fast when a try began, and have been put right since: a
message dated so long before it may be the try's all the same, and an older one is of others."""
MESSAGE_TIMEOUT_S: Final = 30.0
"""How long the answer to a message is waited for; one that is cut short must be looked up."""

SENDS_AT_ONCE_MAX: Final = 20
"""Requests to messengers under way at once."""
OUTCOMES_AT_ONCE_MAX: Final = 10
OUTCOMES_WAITING_MAX: Final = 40
"""Conversations waiting to be read; past that no further message is judged."""
MESSENGER_REST_S: Final = 60.0
"""How long a messenger that refuses our account is left alone."""
TEMPLATE_EVERY_S: Final = 600.0
TEMPLATE_EVERY_WAITING_S: Final = 60.0
"""How often the approval of a template is read, and while messages cannot be sent for it."""
TEMPLATE_AGAIN_S: Final = 30.0
"""How long until a template that could not be read is asked for again."""
LOOKS_AT_ONCE_MAX: Final = 10
LOOK_FAILED_S: Final = 30.0
"""How long until a message that could not be looked up is looked up again."""
INBOUND_EVERY_S: Final = 30.0
"""How often the list of what people wrote is read where the messenger cannot tell us by itself."""
INBOUND_REPAIR_EVERY_S: Final = 300.0
"""And where it can: what its webhook did not bring is found by then."""
INBOUND_LATE_S: Final = 600.0
"""How much later than it was written a message may still appear in that list."""
INBOUND_PAGES_MAX: Final = 500
"""Pages of that list read in one go; one that has more does not end."""
HEARD_KEPT_DAYS: Final = 7
"""For how long past what was read the ids of people's messages are kept."""
STOPS_UNWRITTEN_MAX: Final = 1_000
"""STOPs that the disk refused and that are insisted on; the oldest of more are left to the list."""
LOOK_EVERY_MAX_S: Final = 3600.0
"""The longest time from one look to the next."""
LOOK_FOR_S: Final = 7 * 24 * 3600.0
"""For how long after a try its message is looked up; later only a callback moves it."""

# Watching the workspace's batches.
BATCH_SOON_S: Final = 3600.0
BATCH_TOUCHED_S: Final = 24 * 3600.0
BATCH_CHECK_MARGIN_S: Final = 300.0
"""How much earlier than our own clock the platform may date a change."""
BATCH_DETAIL_MAX_AGE_S: Final = 600.0
"""A running batch is read again after this although its figures stand still, and everybody in it
who has ended is looked at again, not only who ended lately."""
BATCH_NAMES_EVERY_S: Final = 60.0
"""How long until a batch that names no conversation of somebody who ended is read again."""
BATCH_NAMES_LOOKS_MAX: Final = 5
"""How often it is, unless anything about it moves."""
RECIPIENTS_KEPT_S: Final = 10.0
"""How long a batch is paged through before it is read again."""
BATCH_INTERVAL_MAX_S: Final = 3600.0
BATCH_INTERVAL_MIN_S: Final = 1.0
GIVE_WAY_S: Final = 0.004
"""How long the reading of a batch pauses after every piece of a quarter millisecond."""
BATCH_CALLS_WITHIN_S: Final = 4.0
"""For how long another batch may be begun to be read for its calls: what is known of the slots must
not grow stale over it."""
BATCHES_AT_ONCE: Final = 2
"""Batches read at once: one is on its way while another is looked through. Each may be large."""
BATCH_SLICE: Final = 250
"""Recipients decoded in one go: a quarter millisecond, for which a freed slot may wait."""
BATCH_LOOKS_IN_A_ROW: Final = 20
"""Ended recipients looked at closely in one go: to read a phone number takes its time."""
BATCH_ENDS_AT_ONCE: Final = 10
"""Ended calls written down in one transaction: a freed slot's own waits for it."""
BATCH_ROUNDS_MAX: Final = 50
"""How many retries of one batch are told apart by their dates."""
BATCH_RATE_OVER_S: Final = 600.0
BATCH_RATE_SAMPLES_MAX: Final = 120
"""How long and how often a batch's progress is remembered, to tell its pace."""
BATCH_CHANGE_TIMEOUT_S: Final = 12.0
"""How long the answer to a cancel or a retry is waited for: shorter than the operator waits."""

# Talking to the platform and the carrier.
CONNECTIONS_MAX: Final = 256
"""Connections open at once; a request past that waits for one as long as for a connection."""
CONNECT_TIMEOUT_S: Final = 10.0
MESSAGE_UNDER_WAY_S: Final = DIAL_STALE_S + CONNECT_TIMEOUT_S + MESSAGE_TIMEOUT_S
"""For how long after a try began its request can have been under way at most."""
KEEP_ALIVE_S: Final = 4.0
"""Idle connections are not used again after this. Common servers close theirs after 5 s, and a
start that meets a closing connection is a call nobody can say was dialled."""
SLEPT_S: Final = 0.5
"""A time-out that strikes so much late strikes a process that was suspended."""
READ_UP_S: Final = 1.0
"""How long a process that wakes up reads the answers that came in the meantime."""
READ_TIMEOUT_S: Final = 10.0
"""One try of one read."""
READ_TRIES: Final = 3
READ_WAIT_FIRST_S: Final = 0.2
READ_WAIT_MAX_S: Final = 2.0
"""A server that asks for a longer wait than this between tries is not asked again at once."""
READ_DEADLINE_S: Final = 30.0
"""One whole read: every page, every try, every wait."""
START_ANSWER_BYTES_MAX: Final = 256 * 1024
READ_ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
"""A batch of 10,000 recipients with their variables comes in one piece."""
ROUTE_DEADLINE_S: Final = 3.0
"""How long a first dial from a phone number waits to learn its carrier."""
ROUTE_UNKNOWN_S: Final = 30.0
"""For how long a carrier that could not be learned is not asked for again."""

# Mail and alerts.
MAIL_TIMEOUT_S: Final = 60.0
"""One mail: from waiting for its turn to the server's last word. A server may take half a minute to
look through a message before it says yes."""
MAILS_AT_ONCE_MAX: Final = 4
"""Connections to the mail server; many servers refuse more from one client."""
MAIL_SUBJECT_CHARS_MAX: Final = 150
MAIL_TEXT_CHARS_MAX: Final = 20_000
ALERTS_PER_HOUR_MAX: Final = 6
ALERT_AGAIN_S: Final = 4 * 3600.0
"""How long until a trouble that lasts is told again."""
ALERT_CLEAR_S: Final = 300.0
"""How long a trouble must have been gone before its end is told; one that is back is the same."""
ALERT_EVERY_S: Final = 10.0
"""How often it is looked whether there is trouble."""
ALERT_RETRY_S: Final = 60.0
"""How long a way that did not carry an alert is left alone."""
ALERT_TIMEOUT_S: Final = 90.0
"""One alert on one way; longer than one mail, which then says by itself what was wrong."""
ALERTS_KEPT_MAX: Final = 20
"""Alerts kept for a way that does not carry them; past that the oldest are dropped."""
ALERT_PUSH_TIMEOUT_S: Final = 30.0
"""One alert to the addresses of ALERT_URLS."""
WEBHOOKS_MISSED_MIN: Final = 3
"""Calls that must have ended without a webhook before the webhooks count as silent."""

# Housekeeping, in rows or milliseconds a step.
PROMOTE_BATCH_MAX: Final = 500
TOMBSTONE_KEPT_DAYS: Final = 7
NUMBERS_FREED_MAX: Final = 16
"""Calls to one number that are woken once the number is free; only one of them can go first."""
WAL_BYTES_MAX: Final = 64 * 1024 * 1024
WRITE_QUEUE_MAX: Final = 10_000
"""Transactions waiting for the writer; past that the store answers "busy"."""

# Screens and the link.
LINK_LINE_BYTES_MAX: Final = 4 * 1024 * 1024
LINK_CLIENTS_MAX: Final = 64
LINK_ASKS_AT_ONCE_MAX: Final = 8
"""Wishes of one console under way; further ones wait, so that nobody floods the engine."""
LINK_ASK_TIMEOUT_S: Final = 15.0
"""How long the engine works on one wish; a hang-up waits for the carrier's answer."""
LINK_ANSWER_TIMEOUT_S: Final = 20.0
"""How long a console waits for an answer: longer than the engine, which then says why itself."""
LINK_HELLO_TIMEOUT_S: Final = 5.0
LINK_FAREWELL_S: Final = 1.0
"""How long a stopping engine waits for its last words to be read."""
LINK_BEAT_S: Final = 1.0
LINK_BLIND_AFTER_S: Final = 2.0
"""How long the engine must have been unable to look at its state before consoles are told."""
LINK_SILENCE_TICK_S: Final = 0.2
LINK_SILENCE_TICKS_MAX: Final = 10
"""Ticks without a word from the engine until it counts as gone: two seconds. Ticks are counted, not
time measured, so that a console that was itself suspended does not blame the engine."""
LINK_RETRY_FIRST_S: Final = 0.2
LINK_RETRY_MAX_S: Final = 2.0
LINK_LINES_MAX: Final = 200
"""Journal lines in one push; of more only the newest are sent, the others are counted."""
LABEL_CHARS_MAX: Final = 60
"""What an operator calls themselves, in characters."""
LINK_SEND_BUFFER_MAX: Final = 1024 * 1024
"""Bytes a console may leave unread before its pushes are dropped."""
PAGE_ROWS_MAX: Final = 500
FILTER_SCAN_ROWS_MAX: Final = 20_000
"""Rows looked at for one filtered page: no keystroke reads the whole queue."""
EVENTS_SHOWN_MAX: Final = 500
TEXT_CHARS_MAX: Final = 200
"""Foreign text shown in one cell or line."""
MARKED_CALLS_MAX: Final = 100_000
COMMAND_CALLS_MAX: Final = 1_000
"""Calls that one operator command names; a console sends larger selections in pieces."""
SNAPSHOT_EVERY_S: Final = 0.25
"""Snapshots are pushed at most this often; a change in between waits for the next."""

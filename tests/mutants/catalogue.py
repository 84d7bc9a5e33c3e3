"""The catalogue of plausible mistakes: what each would be, and the lines that make it.

A mistake is one or more replacements in our own source. Each old text must stand exactly once in
its file: a mistake that cannot be made any more, because the code has changed, is reported and has
to be written anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in a file of `voiceslot_tui`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong version of ours: its name says what it does wrong."""

    name: str
    edits: tuple[Edit, ...]


def _one(name: str, file: str, old: str, new: str) -> Mutant:
    return Mutant(name, (Edit(file, old, new),))


_STARTS = "wire/elevenlabs_starts.py"
_ELEVENLABS = "providers/elevenlabs.py"
_CONVAI = "providers/convai.py"
_SETTLEMENT = "core/settlement.py"
_MOVES = "core/moves.py"
_SLOTS = "core/slots.py"
_RECONCILER = "engine/reconciler.py"
_WITNESSES = "engine/witnesses.py"
_READINGS = "engine/readings.py"
_DISPATCHER = "engine/dispatcher.py"
_DISPATCHING = "store/dispatching.py"
_DATABASE = "store/database.py"
_SETTLING = "store/settling.py"
_QUEUEING = "store/queueing.py"
_SWITCHES = "engine/switches.py"
_ASSEMBLY = "assembly.py"
_MESSENGER = "providers/twilio_messages.py"
_MESSAGES = "wire/twilio_messages.py"
_CLAIMING = "store/claiming.py"
_FOLLOWING_UP = "store/following_up.py"
_FOLLOW_UP_SETTLEMENT = "core/follow_up_settlement.py"
_POLICY = "core/follow_up_policy.py"
_BATCHES = "core/batches.py"
_MONITOR = "engine/batch_monitor.py"
_SENDER = "engine/follow_up_sender.py"
_READER = "engine/message_reader.py"
_INBOUND_READER = "engine/inbound_reader.py"
_HEARING = "store/hearing.py"

MUTANTS: Final = (
    # --- what an answer proves
    _one(
        "a time-out is treated as not taken",
        _ELEVENLABS,
        "        except NoAnswer as problem:\n            return Unanswered(order.attempt_id, "
        "str(problem))\n        retry_after",
        "        except NoAnswer as problem:\n            return NotTaken(order.attempt_id, "
        "Refusal.NOT_SENT, str(problem))\n        retry_after",
    ),
    _one(
        "a server error is treated as not taken",
        _STARTS,
        '        return Unanswered(attempt_id, f"HTTP {status}, which does not tell whether it was '
        'dialled")',
        "        return NotTaken(attempt_id, Refusal.NOT_SENT)",
    ),
    _one(
        "an answer that cannot be read is treated as not taken",
        _STARTS,
        '        return Unanswered(attempt_id, f"HTTP {status} with an answer that cannot be '
        'read")',
        "        return NotTaken(attempt_id, Refusal.NO_SUCCESS)",
    ),
    _one(
        "success without a conversation is treated as not taken",
        _STARTS,
        '    return Unanswered(attempt_id, clean(f"HTTP {status} without a clear answer: '
        '{message}"))',
        "    return NotTaken(attempt_id, Refusal.NO_SUCCESS)",
    ),
    _one(
        "an unclear start is repeated at once",
        _DISPATCHER,
        "        answer = await or_else(partial(self._platform.start_call, order), silence)\n",
        "        answer = await or_else(partial(self._platform.start_call, order), silence)\n"
        "        if isinstance(answer, Unanswered):\n"
        "            answer = await or_else(partial(self._platform.start_call, order), silence)\n",
    ),
    # --- slots
    _one(
        "slots are those of unanswered starts only, as the first system counted",
        _DISPATCHING,
        "    row = db.execute(\"SELECT n FROM counter WHERE kind = 'holding' AND name = ''\")"
        ".fetchone()",
        "    row = db.execute(\"SELECT count(*) FROM call WHERE state = 'dialing'\").fetchone()",
    ),
    _one(
        "a slot is freed when a lease of two minutes ends",
        _DISPATCHING,
        "    row = db.execute(\"SELECT n FROM counter WHERE kind = 'holding' AND name = ''\")"
        ".fetchone()",
        '    row = db.execute("SELECT count(*) FROM call WHERE holding = 1 AND changed_at > '
        '(SELECT max(at) - 20000 FROM journal)").fetchone()',
    ),
    _one(
        "an uncertain start gives its slot back",
        _MOVES,
        "    holding = target in QUARANTINING_STATES and target is not CallState.WRAPPING_UP",
        "    holding = target in (CallState.DIALING, CallState.LIVE)",
    ),
    _one(
        "foreign calls are not counted",
        _SLOTS,
        "        foreign = self.reading.foreign if self.reading is not None else 0\n        beside",
        "        foreign = 0\n        beside",
    ),
    _one(
        "own calls in the list are counted as foreign ones",
        "store/reading.py",
        "    return frozenset(wanted) - known",
        "    return frozenset(wanted)",
    ),
    _one(
        "the slots that a batch will take are not left to it",
        _READINGS,
        "            total += holding + min(left,",
        "            total += 0 * min(left,",
    ),
    _one(
        "only the first page of a list is read",
        _CONVAI,
        "            if page.next_cursor is None:\n                return",
        "            if page.items:\n                return",
    ),
    _one(
        "an old reading is dialled on",
        _SLOTS,
        "self.reading_age_s > self.reading_bound_s",
        "self.reading_age_s > 10**12",
    ),
    _one(
        "dialling begins before the first complete list",
        _SLOTS,
        "            (self.recovering or self.reading is None, Hold.RECOVERING),",
        "            (False, Hold.RECOVERING),",
    ),
    _one(
        "the reserve is used",
        _SLOTS,
        "        beside = self.reserve + foreign",
        "        beside = foreign",
    ),
    _one(
        "a lowered limit is written and not heeded",
        _SWITCHES,
        "            self._board.ceiling = self._board.ceiling.set_to(limit)\n        self",
        "            self._board.ceiling = self._board.ceiling.set_to(max(limit, before))\n"
        "        self",
    ),
    _one(
        "a limit that an operator set is forgotten by a restart",
        _SWITCHES,
        "        self._board.ceiling = self._board.ceiling.set_to(control.limit or "
        "self._configured)",
        "        self._board.ceiling = self._board.ceiling.set_to(self._configured)",
    ),
    # --- how calls end
    _one(
        "a call that the list lacks is over",
        _WITNESSES,
        "        facts = () if talk is None else _facts_of_end(talk, one.attempt.id)\n"
        "        return facts",
        "        facts = () if talk is None else _facts_of_end(talk, one.attempt.id)\n"
        "        if one.call.state is CallState.LIVE:\n"
        "            facts = facts or (Over(one.attempt.conversation_id, one.attempt.id),)\n"
        "        return facts",
    ),
    _one(
        "a call of some length is taken for over",
        _RECONCILER,
        "        if one.call.state is CallState.UNKNOWN and one.call.holding:",
        "        if one.call.state is CallState.LIVE and age_s > 15.0:\n"
        "            return (Over(attempt.conversation_id, attempt.id),)\n"
        "        if one.call.state is CallState.UNKNOWN and one.call.holding:",
    ),
    _one(
        "a status word that nobody knows means over",
        "wire/elevenlabs_calls.py",
        "    state = TALK_STATES.get(read.status, TalkState.UNHEARD_OF)",
        "    state = TALK_STATES.get(read.status, TalkState.ANALYSED)",
    ),
    _one(
        "webhooks are believed without their signature",
        "listener/routes.py",
        "        raise self._bad_signature(request, verdict)",
        "        return True",
    ),
    _one(
        "news is acknowledged although it was not stored",
        "listener/routes.py",
        '            await self._engine.tell(fact, by="webhook")',
        "            try:\n"
        '                await self._engine.tell(fact, by="webhook")\n'
        "            except StoreUnavailable:\n"
        "                pass",
    ),
    _one(
        "news that overtook the answer of its own dial is thrown away",
        _SETTLING,
        "            _remember(db, fact, now)\n        return None",
        "            pass\n        return None",
    ),
    _one(
        "a dial that is over can be over again",
        _SETTLEMENT,
        "    {AttemptState.DIALING, AttemptState.UNCERTAIN, AttemptState.LIVE, "
        "AttemptState.UNKNOWN}\n)",
        "    {AttemptState.DIALING, AttemptState.UNCERTAIN, AttemptState.LIVE, "
        "AttemptState.UNKNOWN, AttemptState.OVER}\n)",
    ),
    # --- who is found
    _one(
        "an attempt's id does not travel with its start",
        _STARTS,
        '    data["user_id"] = data.get("user_id") or order.attempt_id',
        '    data["user_id"] = data.get("user_id") or "somebody"\n'
        '    data["dynamic_variables"] = {}',
    ),
    _one(
        "the search takes the first conversation for ours",
        "providers/lookup.py",
        "        if known.attempt_id != self.order.attempt_id:",
        "        if not known.conversation_id:",
    ),
    _one(
        "one look at a list younger than the dial proves that it was not made",
        _WITNESSES,
        "        return (LookedUp(one.attempt.id),) if search.complete and old_enough else ()",
        "        return (LookedUp(one.attempt.id),) * 3 if search.complete else ()",
    ),
    _one(
        "a dial that cannot be searched for gives its slot up at once",
        _WITNESSES,
        "        lapsed = one.call.state is CallState.UNCERTAIN and age_s > holds_s",
        "        lapsed = one.call.state is CallState.UNCERTAIN and holds_s > 0",
    ),
    _one(
        "what was not found is dialled again",
        _SETTLEMENT,
        "    if rules.requeue_unknown:",
        "    if rules is not None:",
    ),
    _one(
        "a dial that a crash cut off is made again",
        _ASSEMBLY,
        "        Interrupted(one.attempt.id)\n        for one",
        '        NotTaken(one.attempt.id, Refusal.WITHDRAWN, "cut off")\n        for one',
    ),
    _one(
        "people who answered are rung again",
        "core/retries.py",
        "        Disposition.BUSY: (15 * _MINUTE_S, 2 * _HOUR_S),",
        "        Disposition.BUSY: (15 * _MINUTE_S, 2 * _HOUR_S),\n"
        "        Disposition.ANSWERED: (_MINUTE_S,),",
    ),
    _one(
        "a number is not quarantined while its call is uncertain or live",
        _DISPATCHING,
        "    \"('dialing', 'uncertain', 'live', 'unknown', 'wrapping_up')), \"",
        "    \"('dialing', 'uncertain', 'live', 'unknown', 'wrapping_up') AND other.state = "
        "'dialing'), \"",
    ),
    # --- the store
    _one(
        "the epoch is not checked",
        _DATABASE,
        "    if row is None or row[0] != epoch:",
        "    if row is None:",
    ),
    Mutant(
        "an answer is given before its commit",
        (
            Edit(
                _DATABASE,
                '        connection.execute("BEGIN IMMEDIATE")\n'
                "        _check_epoch(connection, epoch)",
                "        if connection.in_transaction:\n"
                '            connection.execute("COMMIT")\n'
                '        connection.execute("BEGIN IMMEDIATE")\n'
                "        _check_epoch(connection, epoch)",
            ),
            Edit(
                _DATABASE,
                "        if connection.in_transaction:\n"
                '            connection.execute("COMMIT")\n'
                "        return outcomes",
                "        return outcomes",
            ),
        ),
    ),
    _one(
        "a counter is kept outside the transaction that changes it",
        "store/schema/0001_calls.sql",
        "    UPDATE counter SET n = n - 1 WHERE kind = 'hold' AND name = old.hold AND old.state = "
        "'queued';\n",
        "",
    ),
    _one(
        "a repeated order is a second call",
        _QUEUEING,
        "        if seen is not None:\n            return seen",
        "        if seen is not None:\n            key = None",
    ),
    _one(
        "a failed write is taken for a success",
        _DATABASE,
        "    except (sqlite3.Error, StoreUnavailable) as problem:",
        "    except sqlite3.OperationalError:\n"
        '        connection.execute("ROLLBACK")\n'
        "        return outcomes\n"
        "    except (sqlite3.Error, StoreUnavailable) as problem:",
    ),
    # --- the operator
    _one(
        "a pause is forgotten by a restart",
        _SWITCHES,
        "        self._board.paused = control.paused",
        "        self._board.paused = False",
    ),
    Mutant(
        "a pause does not reach the dispatcher",
        (
            Edit(_SLOTS, "            (self.paused, Hold.ENGINE_PAUSED),", ""),
            Edit(
                _DISPATCHER,
                "        if board.paused or board.stopping:",
                "        if board.stopping:",
            ),
        ),
    ),
    _one(
        "a pause does not reach a dial that is still connecting",
        _DISPATCHER,
        "        STILL_WANTED.set(lambda: not self._unwanted(order, reserved_s, within_s))\n",
        "",
    ),
    _one(
        "a cancel does not reach a dial that is still connecting",
        _DISPATCHER,
        "        if board.taken_back.since(reserved_s, order.call_id, order.to_number):",
        "        if board.taken_back.since(reserved_s, order.to_number):",
    ),
    _one(
        "the queue is worked off without its priorities",
        _DISPATCHING,
        '    "ORDER BY nprio, position, id LIMIT ?"',
        '    "ORDER BY id LIMIT ?"',
    ),
    _one(
        "a cancel wished in mid-dial is forgotten",
        _MOVES,
        "    if call.cancel_wished:",
        "    if False:",
    ),
    _one(
        "parked calls are dialled",
        "core/wishes.py",
        "        return Settlement(replace(call, hold=Hold.PARKED, changed_at=now))",
        "        return Settlement(replace(call, changed_at=now))",
    ),
    # --- the slots are used
    Mutant(
        "an end wakes nobody",
        (
            Edit(
                "engine/board.py",
                "        self.asked += 1\n        self.dispatch.set()",
                "        self.asked += 1",
            ),
            Edit(
                "engine/board.py",
                "        if self.reserve_asked < settle_asked:\n            self.dispatch.set()",
                "        return",
            ),
        ),
    ),
    _one(
        "a new order wakes nobody",
        "engine/engine.py",
        "        added = await self._store.add(calls, self._clock.now(), by, key)\n"
        "        self._board.bells.dispatch.set()",
        "        added = await self._store.add(calls, self._clock.now(), by, key)",
    ),
    _one(
        "a probe of a refused route that is taken away is not replaced",
        "engine/janitor.py",
        " or await self._is_ready(denial.probe):",
        " or denial.probe is not None:",
    ),
    _one(
        "a resume wakes nobody",
        _SWITCHES,
        "            self._board.paused = bool(self._pauses_wished)\n"
        "        self._board.bells.dispatch.set()",
        "            self._board.paused = bool(self._pauses_wished)",
    ),
    Mutant(
        "a refused route is never tried again",
        (Edit("engine/janitor.py", " and denial.due(now):", " and not denial:"),),
    ),
    Mutant(
        "a number that is free again wakes nobody",
        (
            Edit(
                _SETTLING,
                "    if _frees_line(call.state, settlement.call.state):",
                "    if not call:",
            ),
            Edit(
                _QUEUEING,
                "        if not any(db.execute(_UNDER_WAY, (way,)).fetchone()",
                "        if not after and any(db.execute(_UNDER_WAY, (way,)).fetchone()",
            ),
        ),
    ),
    _one(
        "a dial whose answer nobody waits for is never looked up",
        _ASSEMBLY,
        "    if cut_off:",
        "    if cut_off and not under_way:",
    ),
    _one(
        "the limit that refusals taught is never dared again",
        _SLOTS,
        "        return replace(self, effective=min(float(self.configured), larger))",
        "        return replace(self, effective=min(1.0, larger))",
    ),
    _one(
        "a wait for the clock that was set back never ends",
        _SETTLEMENT,
        "    if watched_s < 0:",
        "    if watched_s < -10.0**9:",
    ),
    # --- one message after a call
    _one(
        "an unanswered message is treated as not sent",
        _MESSENGER,
        "            return MessageUnanswered(order.try_id, str(problem))",
        "            return MessageRefused(order.try_id, Failure.NOT_SENT, detail=str(problem))",
    ),
    _one(
        "a server error about a message is treated as not sent",
        _MESSAGES,
        '        return MessageUnanswered(try_id, f"HTTP {status}")',
        "        return MessageRefused(try_id, Failure.NOT_SENT)",
    ),
    _one(
        "a message whose answer names no id is treated as not sent",
        _MESSAGES,
        '            return MessageUnanswered(try_id, f"{status} without the id of a message")',
        "            return MessageRefused(try_id, Failure.NOT_SENT)",
    ),
    _one(
        "an unclear message is sent again at once",
        _SENDER,
        "        answer = await or_else(partial(messenger.send, order), silence)\n",
        "        answer = await or_else(partial(messenger.send, order), silence)\n"
        "        if isinstance(answer, MessageUnanswered):\n"
        "            answer = await or_else(partial(messenger.send, order), silence)\n",
    ),
    _one(
        "a try to send a message is not written down before its request",
        _CLAIMING,
        "    follow_up_rows.add_try(db, settlement.one_try, follow_up.to_number)\n",
        "",
    ),
    Mutant(
        "a message found half sent at a start is sent again",
        (
            Edit(
                "follow_up_assembly.py",
                "from voiceslot_tui.core.follow_up_facts import MessageUnanswered\n",
                "from voiceslot_tui.core.follow_up_facts import Failure, MessageRefused\n",
            ),
            Edit(
                "follow_up_assembly.py",
                '        MessageUnanswered(try_id, "the engine stopped while it was being sent")',
                "        MessageRefused(try_id, Failure.NOT_SENT)",
            ),
        ),
    ),
    _one(
        "a message that is not found is sent again although nobody allowed it",
        _FOLLOW_UP_SETTLEMENT,
        "    if not rules.resend_ambiguous or follow_up.resends >= RESENDS_MAX:",
        "    if follow_up.resends >= RESENDS_MAX:",
    ),
    Mutant(
        "an SMS follows a WhatsApp message that may have been sent",
        (
            Edit(
                _FOLLOW_UP_SETTLEMENT,
                "    if not rules.resend_ambiguous or follow_up.resends >= RESENDS_MAX:",
                "    following = rules.after(one_try.channel)\n    if following is None:",
            ),
            Edit(
                _FOLLOW_UP_SETTLEMENT,
                "    again = replace(again, resends=follow_up.resends + 1, detail=detail)",
                "    again = replace(again, channel=following, detail=detail)",
            ),
        ),
    ),
    _one(
        "an end that is reported again gets another message",
        _FOLLOWING_UP,
        "    known = _known_as(db, names)\n",
        "    known = None\n",
    ),
    _one(
        "the further names of an ended call are ignored",
        _FOLLOWING_UP,
        "    names = tuple(dict.fromkeys((call.key, *aliases)))",
        "    names = (call.key,)",
    ),
    _one(
        "a call of a batch that is retried is taken for the first one",
        _BATCHES,
        "        None, batch_id=batch.count.batch_id, recipient_id=named, retry=batch.retries",
        "        None, batch_id=batch.count.batch_id, recipient_id=named, retry=0",
    ),
    Mutant(
        "a look-up takes the message of another try",
        (
            Edit(
                _READER,
                "tuple(sid for sid in listing.found if sid not in others)",
                "tuple(sid for sid in listing.found if sid or others)",
            ),
            Edit(
                _FOLLOWING_UP,
                "            mine = [sid for sid in fact.found "
                "if not _is_of_another(db, sid, fact.try_id)]",
                "            mine = list(fact.found)",
            ),
        ),
    ),
    _one(
        "a callback takes a message back to an earlier state",
        _FOLLOW_UP_SETTLEMENT,
        "    if _TRY_RANKS[reached] <= _TRY_RANKS[one_try.state]:",
        "    if _TRY_RANKS[reached] == _TRY_RANKS[one_try.state]:",
    ),
    # --- who wants no message, or has one
    _one(
        "one message more than the daily count is sent",
        _POLICY,
        "_sent_today(person, now) >= policy.per_day",
        "_sent_today(person, now) > policy.per_day",
    ),
    _one(
        "a message is not counted for its person",
        _CLAIMING,
        "    follow_up_rows.add_try(db, settlement.one_try, follow_up.to_number)",
        '    follow_up_rows.add_try(db, settlement.one_try, "")',
    ),
    _one(
        "quiet hours are not heeded",
        _POLICY,
        "    if awake > now:",
        "    if awake > now and follow_up.tries:",
    ),
    _one(
        "whoever wants no messages gets the next one all the same",
        _CLAIMING,
        "        suppressed=bool(suppressed),",
        "        suppressed=bool(suppressed) and bool(follow_up.tries),",
    ),
    Mutant(
        "whoever wants no calls is dialled all the same",
        (
            Edit(
                _DISPATCHING,
                "    unwanted = [row for row in found if row[-1]]",
                "    unwanted = found[:0]",
            ),
            Edit(
                _DISPATCHING,
                "    found = [row for row in found if not row[-1]]\n",
                "",
            ),
        ),
    ),
    _one(
        "a person who writes STOP is not taken at their word",
        "wire/twilio_inbound.py",
        "        return self.opt_out or asks_to_stop(self.body)",
        "        return self.opt_out",
    ),
    _one(
        "what waits for a person stays when they are put on the list",
        "store/suppressing.py",
        "        messages=sum(_skip_messages(db, way, now, actor) for way in ways),",
        "        messages=0,",
    ),
    # --- what people write
    Mutant(
        "an inbound message that was heard already is heard again",
        (
            Edit(
                _HEARING,
                "    if wrote.sid is not None and not _is_new(db, wrote.sid, wrote):",
                "    if wrote.sid is not None and not _is_new(db, wrote.sid, wrote) and not now:",
            ),
            Edit(
                _HEARING,
                "    return tuple(one for one in wrote if db.execute(query, (one.sid,)).fetchone() "
                "is None)",
                "    return tuple(one for one in wrote if query and db)",
            ),
        ),
    ),
    _one(
        "the cursor is moved before its messages were heard",
        _INBOUND_READER,
        "            await self._hear(page.messages)\n            newest =",
        "            early = read_up_to(read_to, page.newest, page.read_at, self._clock.now())\n"
        "            if early is not None:\n"
        "                await self._store.read_up_to(channel, early)\n"
        "            await self._hear(page.messages)\n"
        "            newest =",
    ),
    # --- none is forgotten
    _one(
        "a batch that could not be read counts as read",
        _MONITOR,
        "        except ReadFailed as problem:\n            return clean(str(problem))",
        "        except ReadFailed as problem:\n"
        "            one.mark = BatchMark(one.batch, read_at)\n"
        "            return clean(str(problem))[:0]",
    ),
    _one(
        "a batch is remembered as read before its ends are written down",
        _MONITOR,
        "            unnamed = await self._write_down("
        "batch, rounds, whole.ended_since(look_from_s))\n",
        "            await self._store.mark_batch(mark, figures)\n"
        "            unnamed = await self._write_down("
        "batch, rounds, whole.ended_since(look_from_s))\n",
    ),
    _one(
        "the pause of the follow-ups is forgotten at a start",
        "engine/following_up.py",
        "        self._desk.paused = control.follow_ups_paused\n",
        "        self._desk.paused = False\n",
    ),
    _one(
        "a resume of the follow-ups lifts a pause that was wished after it",
        "engine/following_up.py",
        "        if not self._pauses_wished:\n",
        "        if True:\n",
    ),
    Mutant(
        "where more messages are under way than may be, fewer than none are claimed",
        (
            Edit(
                _SENDER,
                "max(0, min(room, 1 - len(self._sending)) if self._desk.probing else room)",
                "min(room, 1 - len(self._sending)) if self._desk.probing else max(0, room)",
            ),
            Edit(_CLAIMING, "    count = max(0, count)\n", ""),
        ),
    ),
    _one(
        "messages that wait for the template are never woken",
        _READER,
        "while known and await self._store.wake_follow_ups(WaitReason.TEMPLATE_UNREAD, now):",
        "while released is None:",
    ),
    _one(
        "a message is written by a template that nobody has read",
        _SENDER,
        "            return self._write(sending, template)",
        "            return self._write(sending, self._desk.template)",
    ),
    _one(
        "of a template that may not be read any more it is forgotten what has to be filled in",
        _READER,
        "            template = replace(desk.template, approval=Approval.UNREADABLE)",
        "            template = replace(template, approval=Approval.UNREADABLE)",
    ),
    _one(
        "a message that its template stops has failed",
        _FOLLOW_UP_SETTLEMENT,
        "    if no.failure is Failure.TEMPLATE:",
        "    if no.failure is Failure.TEMPLATE and not one_try.content_sid:",
    ),
    _one(
        "what became of a message is never asked",
        _FOLLOWING_UP,
        "        TryState.SENT: DELIVERY_LOOKED_UP_AFTER_S,\n",
        "",
    ),
    _one(
        "a claim that a failing disk stored all the same is never given back",
        _SENDER,
        "        if self._claims_in_doubt and not self._stopping():",
        "        if self._claims_in_doubt and self._desk.paused:",
    ),
    _one(
        "whoever was left out for what was only presumed is never judged again",
        "store/following_up.py",
        "(_NOT_WANTED, (follow_up_id,)).fetchone() if new else None",
        "(_NOT_WANTED, (0,)).fetchone() if new else None",
    ),
    _one(
        "a STOP does not reach a message that is still connecting",
        _SENDER,
        "        elif self._desk.taken_back.since(claimed_s, sending.follow_up.to_number):\n",
        "        elif False:\n",
    ),
    _one(
        "a claim whose request is under way is given back",
        _SENDER,
        "            if try_id not in known\n",
        "",
    ),
)

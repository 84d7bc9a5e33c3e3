"""voiceslot: calls by voice agents, queued, dialled and shown, never above the slot limit.

The map of this tree, from the top floor down; a room imports only from floors below its own,
and rooms on one floor do not know each other:

    cli              the commands, thin
    bootstrap        runs the engine process: files, sockets, signals
    assembly         puts the engine's parts together
    listener         HTTP in: webhooks, enqueueing, statistics
    link.server      the Unix socket, engine side
    console          the operator's screen (the only room that knows Textual)
    link.watch       a client that comes back
    engine           dispatcher, reconciler, janitor; batch monitor, follow-up sender, message
                     reader; the ledgers, the only writers of states
    store            SQLite behind ports.Store
    providers        HTTP out: ElevenLabs and Twilio
    simulator        a telephone world that knows the truth; imports nothing of ours
    link.client      the Unix socket, console and command side
    wire             pure translators between foreign bodies and core
    ports            what the engine asks of the world, with follow_up_ports
    turns            a turn for others in the middle of long work
    machine          the machine's clocks and chance
    settings, paths, logs
    core             the rules, pure: no I/O, no clock, no randomness

The floors are `[tool.importlinter]` in pyproject.toml, which `make lint` enforces: a new module
has to be given its floor there. This package itself imports nothing, so that every entry point
pays only for what it uses.
"""

__version__ = "0.1.0"

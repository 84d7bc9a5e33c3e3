"""The simulated telephone world: an oracle for tests, and the other side of `voiceslot demo`.

It plays ElevenLabs' conversational platform and Twilio's calls and messages well enough that the
official SDKs cannot tell, and it knows the truth that no platform tells: who was really rung or
written to, how often, and how many phones were live at once. Because it judges the product it
shares no code with it and imports nothing from outside this package.

    words             the closed vocabularies
    settings          everything that can be changed, with its bounds
    directory         agents and phone numbers of the pretended workspace
    calls             one call and the story drawn for it
    world             the seeded world: calls, clock, indexes
    batches           the platform's own campaigns and their dispatcher
    batch_records     a batch exported and deleted
    truth             what the judge reads
    faults            which answers go wrong
    webhooks          signed news, lost and doubled on request
    envelopes         the vendor's webhook bodies
    conversations     the conversation list: filters, order, pages
    bodies            the vendor's JSON for what the world holds
    exchange          request and reply as values
    visits            one request on its way through an endpoint
    errors            both vendors' error bodies
    message_words     the closed vocabularies of the messenger
    message_settings  its settings
    message_errors    Twilio's codes: what is refused at once, what fails afterwards
    correspondents    the people who get messages: fates, windows, opt-outs
    templates         message templates and their approval
    messages          one message, and how Twilio shows it
    message_orders    reading a create request: every check before a message is taken
    message_pace      limits of pace and volume
    message_fates     the rules that fail a message that was taken
    message_forms     the bodies of callbacks
    callbacks         Twilio's signed news, lost and doubled on request
    inbound           what Twilio does with what people write
    messenger         takes messages and moves them through their lives
    message_truth     what the judge reads about messages
    starts            starting a call, and what happens when every slot is taken
    elevenlabs        ElevenLabs' other endpoints
    twilio            Twilio's call endpoints
    twilio_messages   Twilio's Messages resource
    twilio_content    Twilio's Content API
    carrier_api       where requests about messages and templates go
    carrier_faults    broken answers in Twilio's envelopes
    api               one request in, one reply out
    control           the judge's own endpoints under /_simulator/
    message_control   its endpoints for messages
    server            the same world on a socket, in real time
    launch            the server as a program
"""

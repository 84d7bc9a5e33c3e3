"""The clients of ElevenLabs and Twilio: they say what is certain.

They never repeat a POST, never follow a redirect and never touch the store.
"""

"""How notices leave: a file for each kind of channel, with a pure function from message to payload, and the call.

They speak HTTP and SMTP and know no rows. When to send, how often, and to whom is services/delivering.py's.
"""
